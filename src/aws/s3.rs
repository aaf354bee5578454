//! Objects: small ones, whole, and never one over another.

use base64_simd::STANDARD;
use percent_encoding::{AsciiSet, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::Aws;
use super::light::{Answer, Ask, Protocol, Service, TOO_LARGE, UNRESERVED};
use crate::model::{Refusal, RefusalKind};

/// S3, whose SDK crate is the largest of all; three operations are needed.
pub(super) static S3: Service = Service { name: "s3", id: "S3", protocol: Protocol::S3 };
/// Nothing that is read here is larger, bytes: CloudFormation takes no template over 1 MB.
const LARGEST: u64 = 4 << 20;
/// A key keeps its slashes in a path.
const KEY: &AsciiSet = &UNRESERVED.remove(b'/');

impl Aws {
    /// PutObject, if there is none of this key yet. The bucket must belong to the caller's account; it is
    /// encrypted as the bucket's default says.
    ///
    /// # Errors
    /// `AlreadyExists`: there is one. Otherwise AWS's refusal.
    pub(super) async fn put_object(&self, bucket: &str, key: &str, text: &str) -> Result<(), Refusal> {
        let kind = if key.ends_with(".json") { "application/json" } else { "text/plain; charset=utf-8" };
        // A bucket with an Object Lock takes nothing without a checksum.
        let checksum = STANDARD.encode_to_string(Sha256::digest(text));
        let put = at("PUT", bucket, key)
            .header("x-amz-expected-bucket-owner", self.account().await?)
            .header("content-type", kind)
            .header("if-none-match", "*")
            .header("x-amz-checksum-sha256", checksum)
            .body(text);
        self.ask(&S3, "PutObject", put).await.map(drop)
    }

    /// GetObject, up to 4 MiB.
    ///
    /// # Errors
    /// `NotFound`: there is none. Otherwise AWS's refusal.
    pub(super) async fn object(&self, bucket: &str, key: &str) -> Result<Vec<u8>, Refusal> {
        let get = at("GET", bucket, key).at_most(LARGEST);
        let get = get.header("x-amz-expected-bucket-owner", self.account().await?);
        let answer = self.ask(&S3, "GetObject", get).await;
        answer.map(Answer::into_bytes).map_err(|refusal| match refusal.code.as_str() {
            TOO_LARGE => Refusal {
                kind: RefusalKind::Invalid,
                message: format!("s3://{bucket}/{key} is larger than 4 MiB: stacksnap wrote nothing of that size"),
                ..refusal
            },
            _ => refusal,
        })
    }

    /// HeadObject: the object is there, in whosever bucket.
    ///
    /// # Errors
    /// `NotFound`: there is none. Otherwise AWS's refusal.
    pub async fn object_is_there(&self, bucket: &str, key: &str) -> Result<(), Refusal> {
        self.ask(&S3, "HeadObject", at("HEAD", bucket, key)).await.map(drop)
    }
}

fn at(method: &'static str, bucket: &str, key: &str) -> Ask {
    Ask::rest(method, format!("/{}", utf8_percent_encode(key, KEY))).bucket(bucket)
}
