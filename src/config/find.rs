//! Where the file is looked for: `--config`, `$STACKSNAP_CONFIG`, `./stacksnap.toml` and upwards, the XDG folder.

use std::path::{Path, PathBuf};

/// The file's name.
const NAME: &str = "stacksnap.toml";

/// What the caller knows of arguments, environment and folders.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// `--config`
    pub flag: Option<PathBuf>,
    /// `$STACKSNAP_CONFIG`; an empty one counts as unset.
    pub variable: Option<PathBuf>,
    /// The working folder.
    pub folder: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME`, or `~/.config`.
    pub xdg: Option<PathBuf>,
}

/// The first file there is. A file that was named is taken whether it is there or not, so that its absence is an
/// error and not silence.
pub fn find(places: &Places, is_file: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let named = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
    named(&places.flag).or_else(|| named(&places.variable)).or_else(|| {
        let upwards = places.folder.iter().flat_map(|folder| folder.ancestors()).map(|folder| folder.join(NAME));
        let xdg = places.xdg.iter().map(|folder| folder.join("stacksnap").join(NAME));
        upwards.chain(xdg).find(|path| is_file(path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places {
            flag: None,
            variable: None,
            folder: Some("/home/me/code/app".into()),
            xdg: Some("/home/me/.config".into()),
        }
    }

    fn found(places: &Places, there: &[&str]) -> Option<String> {
        let found = find(places, &|path| there.iter().any(|file| Path::new(file) == path));
        found.map(|path| path.display().to_string())
    }

    #[test]
    fn the_nearest_folder_upwards_wins_over_the_xdg_folder() {
        let xdg = "/home/me/.config/stacksnap/stacksnap.toml";
        let all = ["/home/me/stacksnap.toml", "/home/me/code/stacksnap.toml", xdg];
        assert_eq!(found(&places(), &all).as_deref(), Some("/home/me/code/stacksnap.toml"));
        assert_eq!(found(&places(), &[xdg]).as_deref(), Some(xdg));
        assert_eq!(found(&places(), &[]), None);
    }

    #[test]
    fn a_named_file_is_taken_even_if_it_is_not_there() {
        let variable = Places { variable: Some("/v.toml".into()), ..places() };
        assert_eq!(found(&variable, &[]).as_deref(), Some("/v.toml"));
        let both = Places { flag: Some("/f.toml".into()), ..variable };
        assert_eq!(found(&both, &[]).as_deref(), Some("/f.toml"));
        let empty = Places { variable: Some("".into()), ..places() };
        assert_eq!(found(&empty, &[]), None);
    }
}
