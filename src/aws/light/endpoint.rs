//! Where a service's calls go.
//!
//! Which partitions there are, their domains, and what FIPS and dual-stack mean in them is the SDK's knowledge,
//! and stays there: AWS Backup's endpoints follow the usual rules without an exception, so another service's is
//! its name in their place. What differs is written here, as that service's own endpoint rule set says.

use aws_sdk_backup::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::endpoint::{EndpointFuture, EndpointResolverParams, ResolveEndpoint};
use aws_smithy_types::endpoint::{Endpoint, EndpointAuthScheme};
use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::{Protocol, Service};

/// What AWS Backup's endpoints begin with.
const USUAL: &str = "https://backup";

/// The endpoint of one call.
#[derive(Debug)]
pub(super) struct Endpoints {
    service: &'static Service,
    bucket: Option<String>,
    /// What the user asked for instead.
    elsewhere: Option<String>,
    region: Option<String>,
    fips: Option<bool>,
    dual_stack: Option<bool>,
}

impl Endpoints {
    pub(super) fn of(config: &SdkConfig, service: &'static Service, bucket: Option<String>) -> Self {
        Self {
            service,
            bucket,
            elsewhere: elsewhere(config, service.id),
            region: config.region().map(ToString::to_string),
            fips: config.use_fips(),
            dual_stack: config.use_dual_stack(),
        }
    }

    async fn resolve(&self) -> Result<Endpoint, BoxError> {
        let s3 = self.service.protocol == Protocol::S3;
        let china = self.region.as_ref().is_some_and(|region| region.starts_with("cn-"));
        if s3 && china && self.fips == Some(true) && self.elsewhere.is_none() {
            return Err("Partition does not support FIPS".into());
        }
        let params = Params::builder()
            .set_region(self.region.clone())
            .set_use_fips(self.fips)
            // S3's own dual-stack names are below the usual domain.
            .set_use_dual_stack(self.dual_stack.filter(|_| !s3 || self.elsewhere.is_some()))
            .set_endpoint(self.elsewhere.clone());
        let usual = DefaultResolver::new().resolve_endpoint(&params.build()?).await?;
        Ok(match usual.url().strip_prefix(USUAL).filter(|_| self.elsewhere.is_none()).and_then(Usual::of) {
            Some(usual) if self.service.name == "iam" => global(&usual),
            Some(usual) => to(self.named(&usual)),
            None => to(self.below(usual.url().trim_end_matches('/'))),
        })
    }

    fn named(&self, Usual { fips, region, domain }: &Usual<'_>) -> String {
        let plain = domain.starts_with("amazonaws.com");
        let host = match self.service.name {
            "s3" if self.dual_stack == Some(true) => format!("s3{fips}.dualstack.{region}.{domain}"),
            "elasticfilesystem" if matches!(*domain, "api.aws" | "api.amazonwebservices.com.cn") => {
                format!("efs{fips}.{region}.{domain}")
            }
            // GovCloud's are FIPS endpoints under the usual name.
            "sns" | "events" if plain && region.starts_with("us-gov-") => {
                format!("{}.{region}.{domain}", self.service.name)
            }
            name => format!("{name}{fips}.{region}.{domain}"),
        };
        match &self.bucket {
            Some(bucket) if hostable(bucket) => format!("https://{bucket}.{host}"),
            _ => self.below(&format!("https://{host}")),
        }
    }

    /// Names below an endpoint of one's own resolve nowhere, and one with dots has no certificate.
    fn below(&self, url: &str) -> String {
        self.bucket.as_ref().map_or_else(|| url.to_owned(), |bucket| format!("{url}/{bucket}"))
    }
}

/// `[-fips].REGION.DOMAIN`, taken apart.
struct Usual<'a> {
    fips: &'a str,
    region: &'a str,
    domain: &'a str,
}

impl<'a> Usual<'a> {
    fn of(rest: &'a str) -> Option<Self> {
        let (fips, rest) = rest.split_once('.')?;
        let (region, domain) = rest.split_once('.')?;
        Some(Self { fips, region, domain })
    }
}

fn to(url: String) -> Endpoint {
    Endpoint::builder().url(url).build()
}

/// IAM's: one in a partition, signed for the region it is in.
fn global(Usual { fips, region, domain }: &Usual<'_>) -> Endpoint {
    let homes = [
        ("cn-", "cn-north-1"),
        ("us-gov-", "us-gov-west-1"),
        ("us-iso-", "us-iso-east-1"),
        ("us-isob-", "us-isob-east-1"),
        ("us-isof-", "us-isof-south-1"),
        ("eu-isoe-", "eu-isoe-west-1"),
        ("eusc-", "eusc-de-east-1"),
    ];
    let home = homes.iter().find(|(of, _)| region.starts_with(of)).map_or("us-east-1", |(_, home)| home);
    let url = match home {
        "us-gov-west-1" => format!("https://iam.us-gov.{domain}"),
        _ if domain.starts_with("api.") => format!("https://iam{fips}.global.{domain}"),
        "us-east-1" => format!("https://iam{fips}.{domain}"),
        _ => format!("https://iam{fips}.{home}.{domain}"),
    };
    let signed = EndpointAuthScheme::with_capacity("sigv4", 1).put("signingRegion", home);
    Endpoint::builder().url(url).auth_scheme(signed).build()
}

impl ResolveEndpoint for Endpoints {
    fn resolve_endpoint<'a>(&'a self, _: &'a EndpointResolverParams) -> EndpointFuture<'a> {
        EndpointFuture::new(self.resolve())
    }
}

/// `--endpoint-url` before `AWS_ENDPOINT_URL_<ID>` and the profile's `services` section, before those for all
/// services: the SDK's order.
fn elsewhere(config: &SdkConfig, id: &str) -> Option<String> {
    let given = config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return given;
    }
    let key = ServiceConfigKey::builder().service_id(id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = config.service_config().zip(key.ok()).and_then(|(services, key)| services.load_config(key));
    own.or(given)
}

/// Whether a bucket's name can be in the host name, under S3's certificate: no dots, no capitals.
fn hostable(bucket: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = bucket.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| *byte == b'-' || edge(Some(byte)))
        && edge(bytes.first())
        && edge(bytes.last())
}

#[cfg(test)]
mod tests {
    use aws_types::region::Region;

    use super::super::super::{efs::EFS, iam::IAM, kms::KMS, notify::EVENTS, notify::SNS, s3::S3};
    use super::*;

    async fn of(region: &str, fips: bool, dual_stack: bool, bucket: &str) -> String {
        at(&S3, region, fips, dual_stack, Some(bucket)).await
    }

    async fn at(service: &'static Service, region: &str, fips: bool, dual_stack: bool, bucket: Option<&str>) -> String {
        let config = SdkConfig::builder().region(Region::new(region.to_owned()));
        let config = config.use_fips(fips).use_dual_stack(dual_stack).build();
        let found = Endpoints::of(&config, service, bucket.map(str::to_owned)).resolve().await;
        found.map_or_else(|error| error.to_string(), |endpoint| endpoint.url().to_owned())
    }

    /// As aws-sdk-s3's endpoint rule set answers for the same.
    #[tokio::test]
    async fn buckets_are_where_the_sdk_finds_them() {
        for (region, fips, dual, bucket, url) in [
            ("us-east-1", false, false, "my-bucket", "https://my-bucket.s3.us-east-1.amazonaws.com"),
            ("us-west-2", true, false, "my-bucket", "https://my-bucket.s3-fips.us-west-2.amazonaws.com"),
            ("us-west-2", false, true, "my-bucket", "https://my-bucket.s3.dualstack.us-west-2.amazonaws.com"),
            ("us-west-2", true, true, "my-bucket", "https://my-bucket.s3-fips.dualstack.us-west-2.amazonaws.com"),
            ("cn-north-1", false, false, "my-bucket", "https://my-bucket.s3.cn-north-1.amazonaws.com.cn"),
            ("cn-north-1", false, true, "my-bucket", "https://my-bucket.s3.dualstack.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", true, false, "my-bucket", "https://my-bucket.s3-fips.us-gov-west-1.amazonaws.com"),
            ("eu-west-1", false, false, "my.bucket", "https://s3.eu-west-1.amazonaws.com/my.bucket"),
            ("eu-west-1", false, true, "my.bucket", "https://s3.dualstack.eu-west-1.amazonaws.com/my.bucket"),
            ("us-east-1", false, false, "MyBucket", "https://s3.us-east-1.amazonaws.com/MyBucket"),
            ("us-east-1", false, false, "-bucket", "https://s3.us-east-1.amazonaws.com/-bucket"),
        ] {
            assert_eq!(of(region, fips, dual, bucket).await, url);
        }
        assert_eq!(of("cn-north-1", true, false, "my-bucket").await, "Partition does not support FIPS");
    }

    /// As each one's endpoint rule set answers for the same.
    #[tokio::test]
    async fn services_are_where_the_sdk_finds_them() {
        for (service, region, fips, dual, url) in [
            (&EFS, "us-east-1", false, false, "https://elasticfilesystem.us-east-1.amazonaws.com"),
            (&EFS, "us-east-1", true, false, "https://elasticfilesystem-fips.us-east-1.amazonaws.com"),
            (&EFS, "us-east-1", false, true, "https://efs.us-east-1.api.aws"),
            (&EFS, "us-east-1", true, true, "https://efs-fips.us-east-1.api.aws"),
            (&EFS, "cn-north-1", false, true, "https://efs.cn-north-1.api.amazonwebservices.com.cn"),
            (&KMS, "us-east-1", true, true, "https://kms-fips.us-east-1.api.aws"),
            (&KMS, "us-gov-west-1", true, false, "https://kms-fips.us-gov-west-1.amazonaws.com"),
            (&KMS, "us-iso-east-1", false, false, "https://kms.us-iso-east-1.c2s.ic.gov"),
            (&SNS, "us-east-1", true, false, "https://sns-fips.us-east-1.amazonaws.com"),
            (&SNS, "us-gov-east-1", true, false, "https://sns.us-gov-east-1.amazonaws.com"),
            (&EVENTS, "eu-west-1", false, true, "https://events.eu-west-1.api.aws"),
            (&EVENTS, "us-gov-west-1", true, false, "https://events.us-gov-west-1.amazonaws.com"),
            (&IAM, "eu-central-1", false, false, "https://iam.amazonaws.com"),
            (&IAM, "us-east-1", true, false, "https://iam-fips.amazonaws.com"),
            (&IAM, "us-east-1", false, true, "https://iam.global.api.aws"),
            (&IAM, "us-east-1", true, true, "https://iam-fips.global.api.aws"),
            (&IAM, "cn-northwest-1", false, false, "https://iam.cn-north-1.amazonaws.com.cn"),
            (&IAM, "cn-northwest-1", false, true, "https://iam.global.api.amazonwebservices.com.cn"),
            (&IAM, "us-gov-east-1", true, false, "https://iam.us-gov.amazonaws.com"),
            (&IAM, "us-gov-east-1", true, true, "https://iam.us-gov.api.aws"),
            (&IAM, "us-iso-west-1", false, false, "https://iam.us-iso-east-1.c2s.ic.gov"),
            (&IAM, "eusc-de-east-1", false, false, "https://iam.eusc-de-east-1.amazonaws.eu"),
        ] {
            assert_eq!(at(service, region, fips, dual, None).await, url);
        }
    }

    #[tokio::test]
    async fn an_endpoint_of_ones_own_has_buckets_in_the_path() {
        let config = SdkConfig::builder().region(Region::new("us-east-1")).endpoint_url("http://localhost:4566/");
        let endpoint = Endpoints::of(&config.build(), &S3, Some("my-bucket".to_owned())).resolve().await;
        assert_eq!(endpoint.unwrap().url(), "http://localhost:4566/my-bucket");
    }
}
