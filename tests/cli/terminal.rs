//! On a terminal: what is asked, and what an answer does. The terminal is Python's `pty`.

use serde_json::json;

use super::prune::plant;
use super::replacements::mark;
use super::support::{Aws, Ran, STACK};

/// Types the next answer whenever something is asked.
const TYPIST: &str = r#"
import os, pty, sys
answers, command = sys.argv[1].split("|"), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
screen, told = b"", 0
while True:
    try:
        read = os.read(terminal, 4096)
    except OSError:
        break
    if not read:
        break
    screen += read
    if answers and screen[told:].rstrip(b" ").endswith((b"[y/N]", b"anew:")):
        told = len(screen)
        os.write(terminal, answers.pop(0).encode() + b"\n")
sys.stdout.buffer.write(screen)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

/// The command on a terminal, and what somebody answers; all that stood on the screen.
pub(crate) fn typed(aws: &Aws, args: &[&str], answers: &str) -> Ran {
    let inner = aws.command(args);
    let mut command = std::process::Command::new("python3");
    command.args(["-c", TYPIST, answers]).arg(inner.get_program()).args(inner.get_args()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("NO_COLOR", "1").env("TERM", "dumb").env("PATH", std::env::var_os("PATH").unwrap_or_default());
    if let Some(folder) = inner.get_current_dir() {
        command.current_dir(folder);
    }
    Ran::of(command.output().unwrap())
}

fn count(aws: &Aws) -> usize {
    aws.states().len()
}

#[test]
fn a_prune_asks_and_no_is_no() {
    let aws = Aws::fast();
    plant(&aws, 3);
    let args = ["prune", STACK, "--keep-last", "1"];
    typed(&aws, &args, "n")
        .ends(1)
        .shows("Delete 2 backups, for good? [y/N]")
        .shows("nothing was changed, as you wish");
    assert_eq!(count(&aws), 3);
    typed(&aws, &args, "").ends(1);
    typed(&aws, &args, "y").ends(0).shows("deleted 2 of 3");
    assert_eq!(count(&aws), 1);
}

#[test]
fn going_offline_asks() {
    let aws = Aws::fast();
    typed(&aws, &["offline", STACK], "").ends(1);
    assert_eq!(aws.mode(), "online");
    typed(&aws, &["offline", STACK], "yes").ends(0);
    assert_eq!(aws.mode(), "offline");
}

#[test]
fn a_replacement_wants_the_stacks_name_and_no_other() {
    let (aws, id) = Aws::hub_with_backup();
    mark(&aws, &id);
    let before = aws.stack(STACK);
    let args = ["replace", STACK, "--with", &id];
    typed(&aws, &args, "y").ends(1).shows("destroyed").shows("that is not the stack's name; nothing was changed");
    assert_eq!(aws.stack(STACK), before);
    typed(&aws, &args, STACK).ends(0);
    assert_ne!(aws.stack(STACK)["id"], before["id"]);
}

#[test]
fn a_replacement_that_fails_asks_whether_to_go_back() {
    for (answer, code) in [("n", 3), ("y", 1)] {
        let (aws, id) = Aws::hub_with_backup();
        mark(&aws, &id);
        aws.fault("cloudformation:CreateStack=create-failed/AppDb*1");
        let answers = [STACK, answer].join("|");
        let ran = typed(&aws, &["replace", STACK, "--with", &id], &answers).ends(code);
        let ran = ran.shows("and restore the safety backup");
        if answer == "y" {
            assert_eq!(aws.stack(STACK)["mode"], json!("online"), "{}", ran.out);
            assert_ne!(aws.stack(STACK)["parameters"]["RestoreDbSnapshotIdentifier"], json!(id));
        } else {
            ran.shows(&format!("stacksnap resume {STACK} --roll-back"));
            aws.run(&["resume", STACK, "--roll-back", "--quiet"]).ends(1);
            assert_eq!(aws.stack(STACK)["mode"], json!("online"));
        }
    }
}
