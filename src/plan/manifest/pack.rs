//! A manifest as bytes: readable JSON for a bucket, compressed for a parameter of 4,096 bytes.

use serde::Deserialize;
use serde_json::Value;

use super::digest::{digest, of_value};
use crate::model::manifest::{FORMAT, Manifest};
use crate::plan::packed;

/// What a standard parameter holds, bytes.
pub const LONGEST: usize = 4_096;
/// No manifest is larger than this, bytes; a packed one that grows beyond it is no manifest.
const LARGEST: u64 = 4 << 20;
/// Before a packed manifest: deflate, then base64.
const PACKED: &str = "z1:";

/// A manifest that fits, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// As it is kept: what had no room is in its `left_out`.
    pub manifest: Manifest,
    /// The text to keep.
    pub text: String,
    /// The checksum.
    pub digest: String,
}

/// What must be kept does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the manifest of {id} has {bytes} bytes, compressed, and {limit} fit")]
pub struct TooLong {
    /// The backup's id.
    pub id: String,
    /// How long it is.
    pub bytes: usize,
    /// How long it may be.
    pub limit: usize,
}

/// Packs a manifest into `limit` bytes. What has no room is left out in a fixed order: the outputs, the tags, the
/// notification topics, how the parts were found, and then the longest parameter values; never a key, a restore
/// parameter, the secret or a version.
///
/// # Errors
/// Even so it does not fit.
pub fn fit(manifest: Manifest, limit: usize) -> Result<Fitted, TooLong> {
    let mut manifest = manifest;
    let mut text = pack(&manifest);
    while text.len() > limit {
        if !shed(&mut manifest) {
            return Err(TooLong { id: manifest.id, bytes: text.len(), limit });
        }
        text = pack(&manifest);
    }
    Ok(Fitted { digest: digest(&manifest), manifest, text })
}

/// Readable JSON, for a bucket.
pub fn pretty(manifest: Manifest) -> Fitted {
    // A manifest is plain data: it always serialises.
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
    Fitted { digest: digest(&manifest), manifest, text }
}

fn pack(manifest: &Manifest) -> String {
    // A manifest is plain data: it always serialises.
    let json = serde_json::to_vec(manifest).unwrap_or_default();
    format!("{PACKED}{}", packed::pack(&json))
}

/// Leaves out the next thing; `false`: there is nothing more that may be left out.
fn shed(manifest: &mut Manifest) -> bool {
    let what = if !manifest.outputs.is_empty() {
        manifest.outputs.clear();
        "the stack's outputs".to_owned()
    } else if !manifest.tags.is_empty() {
        manifest.tags.clear();
        "the stack's own tags".to_owned()
    } else if !manifest.notification_arns.is_empty() {
        manifest.notification_arns.clear();
        "the stack's notification topics".to_owned()
    } else if forget_origins(manifest) {
        "how the parts were found".to_owned()
    } else if let Some(key) = forget_longest(manifest) {
        format!("the value of parameter {key}")
    } else {
        return false;
    };
    manifest.left_out.push(what);
    true
}

fn forget_origins(manifest: &mut Manifest) -> bool {
    let topology = &mut manifest.topology;
    let parts = [&mut topology.cluster, &mut topology.file_system, &mut topology.vault, &mut topology.role];
    let mut any = false;
    for found in parts.into_iter().chain(&mut topology.secret) {
        any |= !found.from.is_empty();
        found.from.clear();
    }
    any
}

/// The first of the longest values; a short one saves less than saying so costs.
fn forget_longest(manifest: &mut Manifest) -> Option<String> {
    const SHORT: usize = 40;
    let length = |value: &Option<String>| value.as_ref().map_or(0, String::len);
    let longest = manifest.parameters.iter().map(|parameter| length(&parameter.value)).max()?;
    let parameter = manifest.parameters.iter_mut().find(|it| longest > SHORT && length(&it.value) == longest)?;
    parameter.value = None;
    Some(parameter.key.clone())
}

/// A manifest that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What it says.
    pub manifest: Manifest,
    /// The checksum of what was read, fields that this version does not know included.
    pub digest: String,
}

/// Why a text is no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A later version wrote it.
    #[error("it was written by stacksnap {tool} in format {format}, and this version reads formats up to {FORMAT}")]
    Newer {
        /// Its format.
        format: u32,
        /// Who wrote it.
        tool: String,
    },
    /// It is larger than any manifest.
    #[error("it is larger than 4 MiB: no manifest is")]
    TooLarge,
    /// It is something else, or was damaged.
    #[error("it is no manifest, or damaged: {0}")]
    Damaged(String),
}

/// What every manifest says about itself, whatever its format.
#[derive(Deserialize)]
struct Header {
    format: u32,
    #[serde(default)]
    tool: String,
}

/// Reads a manifest, packed or not.
///
/// # Errors
/// It is none, is too large, or was written by a newer version.
pub fn read(text: &[u8]) -> Result<Read, Unreadable> {
    let json = match text.strip_prefix(PACKED.as_bytes()) {
        Some(text) => packed::unpack(text, LARGEST).map_err(|bad| match bad {
            packed::Bad::TooLarge => Unreadable::TooLarge,
            packed::Bad::Damaged(why) => Unreadable::Damaged(why),
        })?,
        None if text.len() as u64 > LARGEST => return Err(Unreadable::TooLarge),
        None => text.to_vec(),
    };
    let damaged = |error: serde_json::Error| Unreadable::Damaged(error.to_string());
    let value: Value = serde_json::from_slice(&json).map_err(damaged)?;
    let Header { format, tool } = Header::deserialize(&value).map_err(damaged)?;
    if format > FORMAT {
        return Err(Unreadable::Newer { format, tool });
    }
    let manifest = Manifest::deserialize(&value).map_err(damaged)?;
    Ok(Read { digest: of_value(&value), manifest })
}
