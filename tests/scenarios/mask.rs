//! What differs from run to run is masked: ids, times, durations, UUIDs. Of the same width wherever
//! tables would move.

/// Masks everything of the kind.
pub(crate) fn mask(text: &str) -> String {
    let text = times(text);
    let text =
        like(&text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", |_| "00000000-0000-0000-0000-000000000000".to_owned());
    let text = like(&text, &"x".repeat(64), |_| "(sha-256)".to_owned());
    // A clock of AWS's that is ahead makes the youngest ages zero.
    durations(&ids(&text)).replace("just now", "#s ago")
}

/// Dates and times, as people and as machines write them.
fn times(text: &str) -> String {
    let text = like(text, "0000-00-00", |_| "yyyy-mm-dd".to_owned());
    like(&text, "00:00:00", |_| "hh:mm:ss".to_owned())
}

/// The end of a run's id, numbered in the order in which the runs appear.
fn ids(text: &str) -> String {
    let mut seen: Vec<String> = Vec::new();
    like(text, "00000000-000000", |id| {
        let number = seen.iter().position(|each| each == id).unwrap_or_else(|| {
            seen.push(id.to_owned());
            seen.len() - 1
        });
        format!("yyyymmdd-run{:03}", number + 1)
    })
}

/// `3s`, `1m20s`, `2h05m`
fn durations(text: &str) -> String {
    text.split_inclusive(|c: char| !c.is_ascii_alphanumeric())
        .map(|piece| {
            let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            if is_duration(word) { piece.replacen(word, "#s", 1) } else { piece.to_owned() }
        })
        .collect()
}

fn is_duration(word: &str) -> bool {
    let units = word.split_inclusive(['h', 'm', 's']);
    !word.is_empty()
        && units.clone().all(|unit| {
            let number = unit.trim_end_matches(['h', 'm', 's']);
            number.len() + 1 == unit.len() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// Replaces what looks like `shape`: `0` is any digit, `x` any hexadecimal one, the rest itself.
fn like(text: &str, shape: &str, mut with: impl FnMut(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let width = match rest.get(..shape.len()) {
            Some(piece) if fits(piece, shape) && !out.ends_with(|c: char| c.is_ascii_digit()) => {
                out.push_str(&with(piece));
                shape.len()
            }
            _ => {
                out.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[width..];
    }
    out
}

fn fits(piece: &str, shape: &str) -> bool {
    piece.bytes().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
        b'0' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_hexdigit(),
        _ => byte == wanted,
    })
}

#[test]
fn only_what_changes_is_masked() {
    assert_eq!(
        mask(
            "my-hub-20261120-020000 at 2026-11-20 02:00:10Z, 1m20s, my-hub-20261120-020100 in vault-0c9fb1f3, 3 snapshots"
        ),
        "my-hub-yyyymmdd-run001 at yyyy-mm-dd hh:mm:ssZ, #s, my-hub-yyyymmdd-run002 in vault-0c9fb1f3, 3 snapshots"
    );
}
