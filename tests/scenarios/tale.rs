//! A transcript: what was typed and what the screen showed, with a sentence between where one is
//! needed. Kept beside this file; `STACKSNAP_BLESS=1 cargo test --test scenarios` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::path::Path;
use std::process::Command;

use super::mask::mask;
use super::stage::Ran;

/// A transcript in the making.
pub(crate) struct Tale {
    name: &'static str,
    text: String,
}

impl Tale {
    /// Of this file name (without `.md`), and this heading.
    pub(crate) fn new(name: &'static str, heading: &str) -> Self {
        Self { name, text: format!("# {heading}\n") }
    }

    /// A sentence or two between commands.
    pub(crate) fn says(&mut self, sentences: &str) {
        self.text.push_str(&format!("\n{sentences}\n"));
    }

    /// What was typed and what came of it; the code it must end with, `None` for a kill.
    #[track_caller]
    pub(crate) fn shows(&mut self, words: &[&str], ran: &Ran, code: Option<i32>) {
        let end = match ran.code {
            Some(0) => String::new(),
            Some(code) => format!("[exit code {code}]\n"),
            None => "[killed]\n".to_owned(),
        };
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        self.text.push_str(&format!("\n```console\n$ stacksnap {}\n{}{end}```\n", words.join(" "), ran.screen));
        assert_eq!(ran.code, code, "\n{}", self.text);
    }

    /// The end: it must be the story that was told the last time.
    #[track_caller]
    pub(crate) fn ends(self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
        let kept = folder.join(format!("{}.md", self.name));
        // The names of machines, and trailing blanks of tables, are nobody's business.
        let lines: Vec<String> = mask(&self.text).lines().map(|line| line.trim_end().to_owned()).collect();
        let told = lines.join("\n") + "\n";
        if std::env::var_os("STACKSNAP_BLESS").is_some() {
            std::fs::write(&kept, told).unwrap();
        } else if std::fs::read_to_string(&kept).unwrap_or_default() != told {
            let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.md", self.name));
            std::fs::write(&new, told).unwrap();
            let diff = Command::new("diff").arg("-u").args([&kept, &new]).output().unwrap();
            let diff = String::from_utf8_lossy(&diff.stdout).into_owned();
            panic!("the story is told differently (STACKSNAP_BLESS=1 keeps the new one):\n{diff}");
        }
    }
}

fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("\"{word}\"") } else { word.to_owned() }
}
