//! Where the calls go, and as whom.

use std::borrow::Cow;
use std::ffi::OsString;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::region::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_types::app_name::AppName;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::region::Region;
use aws_types::{SdkConfig, sdk_config};

use super::refusal::chain;
use super::{Aws, SharedHttpClient, http};

/// Attempts per call, the first included. What is still lost then is a transient refusal.
const ATTEMPTS: u32 = 4;

/// What the command line says about the connection; the rest is the environment's and the shared
/// configuration files'.
#[derive(Clone, Debug, Default)]
pub struct Connect {
    /// `--profile`
    pub profile: Option<String>,
    /// `--region`
    pub region: Option<String>,
    /// `--endpoint-url`; wins over `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`.
    pub endpoint_url: Option<String>,
    /// This tool's version, for the user agent: shows up in CloudTrail.
    pub version: Option<String>,
}

/// Why there is no connection. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Neither the command line, nor the environment, nor the profile names a region.
    #[error("no region is configured")]
    NoRegion,
    /// `--profile` or `AWS_PROFILE` names a profile that the shared configuration files do not have.
    #[error("the profile `{0}` is not in the shared configuration files")]
    NoProfile(String),
    /// The shared configuration files could not be read.
    #[error("the shared configuration files cannot be read: {0}")]
    BadConfiguration(String),
    /// `--endpoint-url` is no address that may be used.
    #[error("`{url}` cannot be used as an endpoint: {why}")]
    BadEndpoint {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
}

impl ConnectError {
    /// A stable word for scripts, like AWS's error codes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRegion => "NoRegion",
            Self::NoProfile(_) => "NoProfile",
            Self::BadConfiguration(_) => "BadConfiguration",
            Self::BadEndpoint { .. } => "BadEndpoint",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoRegion => "pass `--region`, set AWS_REGION, or run `aws configure set region REGION`",
            Self::NoProfile(_) => "`aws configure list-profiles` shows those there are",
            Self::BadConfiguration(_) => "repair ~/.aws/config and ~/.aws/credentials, or do without a profile",
            Self::BadEndpoint { .. } => "give an https:// URL, or an http:// URL of this machine",
        }
    }
}

/// Reads the environment and the shared configuration files. Credentials are looked for when the
/// first call needs them, so their absence shows as a refusal of that call.
///
/// # Errors
/// No region, a profile that is not there, or an endpoint that may not be used.
pub async fn connect(how: &Connect) -> Result<Aws, ConnectError> {
    no_empty_endpoint(std::env::vars_os())?;
    profile_is_there(how.profile.as_deref()).await?;
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(http::client()).timeout_config(limits());
    if let Some(profile) = &how.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = region(how).await {
        loader = loader.region(region);
    }
    if let Some(url) = &how.endpoint_url {
        http::accept(url).map_err(|why| ConnectError::BadEndpoint { url: url.clone(), why })?;
        loader = loader.endpoint_url(url);
    }
    let config = loader.load().await;
    let region = config.region().map(ToString::to_string).filter(|region| !region.is_empty());
    let region = region.ok_or(ConnectError::NoRegion)?;
    Ok(Aws::new(completed(config, how.version.as_deref()), region))
}

/// Where the SDK would not find the region by itself: it takes an empty variable for a name. For the AWS CLI that is
/// none, and so it is here: CI systems set variables that were never filled in.
async fn region(how: &Connect) -> Option<Region> {
    if let Some(region) = &how.region {
        return Some(Region::new(region.clone()));
    }
    let said = ["AWS_REGION", "AWS_DEFAULT_REGION"].map(|name| std::env::var(name).ok());
    if said.iter().flatten().all(|value| !value.is_empty()) {
        return None;
    }
    match said.into_iter().flatten().find(|value| !value.is_empty()) {
        Some(value) => Some(Region::new(value)),
        None => {
            let mut file = ProfileFileRegionProvider::builder();
            if let Some(profile) = &how.profile {
                file = file.profile_name(profile);
            }
            file.build().region().await
        }
    }
}

/// The SDK takes an empty variable for an URL, and does not survive it.
fn no_empty_endpoint(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<(), ConnectError> {
    let endpoint = |name: &OsString| name.to_str().is_some_and(|name| name.starts_with("AWS_ENDPOINT_URL"));
    match variables.into_iter().find(|(name, value)| endpoint(name) && value.is_empty()) {
        Some((name, _)) => {
            let why = format!("{} is set, but empty: unset it", name.to_string_lossy());
            Err(ConnectError::BadEndpoint { url: String::new(), why })
        }
        None => Ok(()),
    }
}

/// The SDK passes over a profile that is not there, and then says that there are no credentials.
async fn profile_is_there(flag: Option<&str>) -> Result<(), ConnectError> {
    let env = Env::real();
    if flag.is_none() && env.get("AWS_PROFILE").is_err() {
        return Ok(());
    }
    let chosen = flag.map(|name| Cow::Owned(name.to_owned()));
    let loaded = aws_config::profile::load(&Fs::real(), &env, &Default::default(), chosen).await;
    let profiles = loaded.map_err(|error| ConnectError::BadConfiguration(chain(&error)))?;
    let name = profiles.selected_profile();
    if name == "default" || profiles.get_profile(name).is_some() {
        return Ok(());
    }
    Err(ConnectError::NoProfile(name.to_owned()))
}

/// Sets what the user left open: the number of attempts and the name in the user agent.
fn completed(config: SdkConfig, version: Option<&str>) -> SdkConfig {
    let untouched = config.retry_config() == Some(&RetryConfig::standard());
    let unnamed = config.app_name().is_none();
    let mut builder = config.into_builder();
    if untouched {
        builder = builder.retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    }
    if unnamed {
        builder.set_app_name(app_name(version));
    }
    builder.build()
}

fn app_name(version: Option<&str>) -> Option<AppName> {
    AppName::new(format!("stacksnap-{}", version.unwrap_or("unknown"))).ok()
}

fn limits() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(60))
        .build()
}

impl Aws {
    /// A connection through `http_client` with fixed credentials, that reads no environment and no
    /// file: for tests, whose AWS lives in the same process. It retries as a real one does, only
    /// sooner.
    pub fn with_http_client(http_client: SharedHttpClient, region: &str, access_key: &str) -> Self {
        // An endpoint, so that buckets are named in the path: nobody resolves names below this one.
        let config = fixed(http_client, region, access_key).endpoint_url("https://aws.test");
        Self::new(config.build(), region.to_owned())
    }
}

fn fixed(http_client: SharedHttpClient, region: &str, access_key: &str) -> sdk_config::Builder {
    let credentials = Credentials::new(access_key, "secret", None, None, "stacksnap-tests");
    sdk_config::Builder::default()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .retry_config(
            RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(Duration::from_millis(10)),
        )
        .timeout_config(limits())
}

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::error::CredentialsError;
    use aws_credential_types::provider::{ProvideCredentials, future};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::model::RefusalKind;

    #[tokio::test]
    async fn an_empty_endpoint_is_said_to_be_so() {
        let empty = [("AWS_ENDPOINT_URL_RDS".into(), OsString::new())];
        let error = no_empty_endpoint(empty.into_iter()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`` cannot be used as an endpoint: AWS_ENDPOINT_URL_RDS is set, but empty: unset it"
        );
        assert!(no_empty_endpoint([("AWS_REGION".into(), OsString::new())].into_iter()).is_ok());
    }

    #[tokio::test]
    async fn an_endpoint_elsewhere_must_be_https() {
        let how = Connect {
            region: Some("eu-west-1".to_owned()),
            endpoint_url: Some("http://example.com".to_owned()),
            ..Connect::default()
        };
        let error = connect(&how).await.unwrap_err();
        assert_eq!(error.code(), "BadEndpoint");
        assert_eq!(
            error.to_string(),
            "`http://example.com` cannot be used as an endpoint: plain http is accepted for this machine only \
             (localhost, 127.0.0.1, ::1)"
        );
    }

    #[tokio::test]
    async fn an_endpoint_that_is_down_is_named() {
        let config = fixed(http::client(), "eu-west-1", "AKIDTEST")
            .endpoint_url("http://127.0.0.1:1")
            .retry_config(RetryConfig::disabled())
            .build();
        let refusal = Aws::new(config, "eu-west-1".to_owned()).stack("my-hub").await.unwrap_err();
        assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Transient, "ConnectionFailed"));
        assert!(refusal.message.starts_with("could not reach http://127.0.0.1:1: Connection refused"), "{refusal}");
    }

    #[tokio::test]
    async fn an_endpoint_from_elsewhere_is_held_to_the_same_rule() {
        let config = fixed(http::client(), "eu-west-1", "AKIDTEST").endpoint_url("http://example.com").build();
        let refusal = Aws::new(config, "eu-west-1".to_owned()).stack("my-hub").await.unwrap_err();
        assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Invalid, "BadEndpoint"));
        assert!(refusal.message.starts_with("http://example.com: plain http"), "{refusal}");
    }

    #[tokio::test]
    async fn a_profile_that_is_not_there_is_named() {
        let how = Connect { profile: Some("no such profile".to_owned()), ..Connect::default() };
        assert_eq!(connect(&how).await.unwrap_err(), ConnectError::NoProfile("no such profile".to_owned()));
    }

    /// One answer to one request, over a real connection.
    async fn once(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 8192]).await.unwrap() > 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        url
    }

    #[tokio::test]
    async fn plain_http_to_this_machine_is_spoken() {
        let answer = "HTTP/1.1 400 Bad Request\r\nx-amzn-requestid: r-1\r\ncontent-length: 102\r\n\r\n\
            <ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id x does not exist</Message></Error></ErrorResponse>";
        let answer = answer.replace("102", &answer.split_once("\r\n\r\n").unwrap().1.len().to_string());
        let url = once(answer.leak()).await;
        let config = fixed(http::client(), "eu-west-1", "AKIDTEST").endpoint_url(url).build();
        let refusal = Aws::new(config, "eu-west-1".to_owned()).stack("x").await.unwrap_err();
        assert_eq!((refusal.kind, refusal.message.as_str()), (RefusalKind::NotFound, "Stack with id x does not exist"));
        assert_eq!(refusal.request_id.as_deref(), Some("r-1"));
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_off_has_an_unknown_effect() {
        let url = once("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n<Describe").await;
        let config = fixed(http::client(), "eu-west-1", "AKIDTEST").endpoint_url(url);
        let config = config.retry_config(RetryConfig::disabled()).build();
        let refusal = Aws::new(config, "eu-west-1".to_owned()).stack("x").await.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Transient, "{refusal}");
    }

    #[tokio::test]
    async fn missing_credentials_are_called_so() {
        let config =
            fixed(http::client(), "eu-west-1", "").credentials_provider(SharedCredentialsProvider::new(Nobody));
        let refusal = Aws::new(config.build(), "eu-west-1".to_owned()).stack("my-hub").await.unwrap_err();
        assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Credentials, "NoCredentials"));
    }

    #[derive(Debug)]
    struct Nobody;

    impl ProvideCredentials for Nobody {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("nothing there")))
        }
    }
}
