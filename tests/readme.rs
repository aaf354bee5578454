//! The README cannot lie: its commands are run, its configuration is read, its tables are compared.
//!
//! `STACKSNAP_BLESS=1 cargo test --test readme` writes the tables anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

#[path = "scenarios/mask.rs"]
mod mask;
#[expect(dead_code, reason = "the stories', of which this needs a part")]
#[path = "scenarios/stage.rs"]
mod stage;

use std::path::{Path, PathBuf};

use stacksnap::plan::{guard, params, preflight, verify};
use stacksnap_sandbox::seeds;

use mask::mask;
use stage::{STACK, Stage};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

fn readme() -> String {
    std::fs::read_to_string(path()).unwrap()
}

/// What stands in the first block of this kind below a heading.
fn block(heading: &str, kind: &str) -> String {
    let text = readme();
    let (_, text) = text.split_once(&format!("\n{heading}\n")).unwrap();
    let (_, rest) = text.split_once(&format!("```{kind}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// The README's examples as trycmd takes them: what differs each time may be anything.
fn examples() -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in readme().lines() {
        if line.starts_with("```") {
            // The last line end is a fence's own, to trycmd.
            out.push_str(if inside && !out.ends_with("...\n") { "\n" } else { "" });
            inside = line == "```console";
        }
        let line = if inside && !line.starts_with("$ ") { loosened(line) } else { line.to_owned() };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn loosened(line: &str) -> String {
    let masks = ["yyyy-mm-dd hh:mm:ss", "hh:mm:ss", "yyyymmdd-run001", "00000000-0000-0000-0000-000000000000", "#s"];
    let mut line = mask(line).replace("#s ago", "#s");
    for mask in masks {
        line = line.replace(mask, "[..]");
    }
    // Columns move with what is in them.
    let mut pieces = line.split("[..]");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str("[..]");
        out.push_str(piece.trim_start_matches(' '));
    }
    out
}

/// The lines between two marks; written anew where that was asked for.
fn marked(name: &str, wanted: &str) {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let text = readme();
    let (before, rest) = text.split_once(&open).unwrap();
    let (there, after) = rest.split_once(&close).unwrap();
    if std::env::var_os("STACKSNAP_BLESS").is_some() {
        std::fs::write(path(), format!("{before}{open}{wanted}{close}{after}")).unwrap();
    } else {
        assert_eq!(there, wanted, "README.md, {name}: STACKSNAP_BLESS=1 writes it anew");
    }
}

#[test]
fn its_commands_do_what_it_says() {
    let stage = Stage::with(&[seeds::hubs(STACK)]);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("README.md");
    std::fs::write(&file, examples()).unwrap();
    let cases = trycmd::TestCases::new();
    cases.register_bin("stacksnap", Path::new(env!("CARGO_BIN_EXE_stacksnap")));
    for (name, value) in stage.environment() {
        cases.env(name, value);
    }
    // Nothing has to settle there: the stage's own file says so.
    cases.env("STACKSNAP_CONFIG", stage.home().join("stacksnap.toml").display().to_string());
    cases.case(&file);
    cases.run();
}

#[test]
fn its_configuration_is_read() {
    let stage = Stage::with(&[]);
    let file = stage.home().join("readme.toml");
    std::fs::write(&file, block("## Configuration", "toml")).unwrap();
    let file = file.display().to_string();
    let shown = stage.run(&["config", "show", STACK, "--origin", "--config", &file]);
    assert_eq!(shown.code, Some(0), "{}", shown.screen);
    for value in ["45m", "3h", "true"] {
        assert!(shown.screen.contains(value), "`{value}` is not in\n{}", shown.screen);
    }
}

#[test]
fn its_tables_are_the_programs() {
    let tables = [
        ("findings", preflight::ids::TABLE),
        ("findings-params", params::ids::TABLE),
        ("findings-guard", guard::ids::TABLE),
        ("findings-verify", verify::ids::TABLE),
    ];
    for (name, table) in tables {
        let rows: String = table.iter().map(|(id, situation)| format!("| `{id}` | {situation} |\n")).collect();
        marked(name, &format!("| id | situation |\n|---|---|\n{rows}"));
    }
    let help = Stage::with(&[]).run(&["--help"]).screen;
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    marked("exit-codes", &format!("```text\n{}\n```\n", codes.trim_end()));
}

/// Where a document points to inside the project.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let after = text.split("](").skip(1);
    let targets = after.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    targets.filter(|target| !target.starts_with("http") && !target.starts_with('#'))
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for document in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        for target in links(&text) {
            let file = target.split('#').next().unwrap_or_default();
            assert!(root.join(file).exists(), "{document} points to {target}, which is not there");
        }
    }
}
