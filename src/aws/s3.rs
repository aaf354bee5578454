//! Objects: small ones, whole, and never one over another.

use aws_sdk_s3::primitives::ByteStream;

use super::Aws;
use super::refusal::refused;
use crate::model::{Refusal, RefusalKind};

const SERVICE: &str = "s3";
/// Nothing that is read here is larger, bytes: CloudFormation takes no template over 1 MB.
const LARGEST: usize = 4 << 20;

impl Aws {
    /// PutObject, if there is none of this key yet. The bucket must belong to the caller's account; it is
    /// encrypted as the bucket's default says.
    ///
    /// # Errors
    /// `AlreadyExists`: there is one. Otherwise AWS's refusal.
    pub(super) async fn put_object(&self, bucket: &str, key: &str, text: &str) -> Result<(), Refusal> {
        let put = self
            .s3()
            .put_object()
            .bucket(bucket)
            .key(key)
            .expected_bucket_owner(self.account().await?)
            .content_type(if key.ends_with(".json") { "application/json" } else { "text/plain; charset=utf-8" })
            .if_none_match("*")
            .body(ByteStream::from(text.as_bytes().to_vec()));
        put.send().await.map(drop).map_err(refused(SERVICE, "PutObject"))
    }

    /// GetObject, up to 4 MiB.
    ///
    /// # Errors
    /// `NotFound`: there is none. Otherwise AWS's refusal.
    pub(super) async fn object(&self, bucket: &str, key: &str) -> Result<Vec<u8>, Refusal> {
        let get = self.s3().get_object().bucket(bucket).key(key).expected_bucket_owner(self.account().await?);
        let mut answer = get.send().await.map_err(refused(SERVICE, "GetObject"))?;
        let mut bytes = Vec::new();
        while let Some(more) = answer.body.next().await {
            let more = more.map_err(|error| {
                broken(RefusalKind::Transient, "UnreadableAnswer", format!("s3://{bucket}/{key} broke off: {error}"))
            })?;
            bytes.extend_from_slice(&more);
            if bytes.len() > LARGEST {
                let message = format!("s3://{bucket}/{key} is larger than 4 MiB: stacksnap wrote nothing of that size");
                return Err(broken(RefusalKind::Invalid, "TooLarge", message));
            }
        }
        Ok(bytes)
    }
}

fn broken(kind: RefusalKind, code: &str, message: String) -> Refusal {
    Refusal {
        kind,
        service: SERVICE.to_owned(),
        operation: "GetObject".to_owned(),
        code: code.to_owned(),
        message,
        request_id: None,
    }
}
