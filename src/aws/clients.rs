//! Each service's client, made on first use: building all twelve would cost more than a short
//! command's whole work.

use std::sync::OnceLock;

use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::Aws;

#[derive(Debug)]
pub(super) struct Clients {
    config: SdkConfig,
    backup: OnceLock<aws_sdk_backup::Client>,
    cloudformation: OnceLock<aws_sdk_cloudformation::Client>,
    efs: OnceLock<aws_sdk_efs::Client>,
    events_bus: OnceLock<aws_sdk_eventbridge::Client>,
    iam: OnceLock<aws_sdk_iam::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
    rds: OnceLock<aws_sdk_rds::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    secrets: OnceLock<aws_sdk_secretsmanager::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
}

impl Clients {
    pub(super) fn new(config: SdkConfig) -> Self {
        Self {
            config,
            backup: OnceLock::new(),
            cloudformation: OnceLock::new(),
            efs: OnceLock::new(),
            events_bus: OnceLock::new(),
            iam: OnceLock::new(),
            kms: OnceLock::new(),
            rds: OnceLock::new(),
            s3: OnceLock::new(),
            secrets: OnceLock::new(),
            sns: OnceLock::new(),
            ssm: OnceLock::new(),
            sts: OnceLock::new(),
        }
    }
}

macro_rules! first_use {
    ($($service:ident: $client:ty),+ $(,)?) => {
        impl Aws {
            $(pub(super) fn $service(&self) -> &$client {
                self.clients.$service.get_or_init(|| <$client>::new(&self.clients.config))
            })+
        }
    };
}

impl Aws {
    /// Buckets are named in the path where an endpoint was given: names below `localhost` resolve nowhere.
    pub(super) fn s3(&self) -> &aws_sdk_s3::Client {
        self.clients.s3.get_or_init(|| {
            let config = &self.clients.config;
            let own = config.service_config().and_then(|services| services.load_config(own_endpoint()?));
            let elsewhere = config.endpoint_url().is_some() || own.is_some();
            let config = aws_sdk_s3::config::Builder::from(config).force_path_style(elsewhere).build();
            aws_sdk_s3::Client::from_conf(config)
        })
    }
}

/// `AWS_ENDPOINT_URL_S3`, or what the profile says.
fn own_endpoint() -> Option<ServiceConfigKey<'static>> {
    ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()
}

first_use!(
    backup: aws_sdk_backup::Client,
    cloudformation: aws_sdk_cloudformation::Client,
    efs: aws_sdk_efs::Client,
    events_bus: aws_sdk_eventbridge::Client,
    iam: aws_sdk_iam::Client,
    kms: aws_sdk_kms::Client,
    rds: aws_sdk_rds::Client,
    secrets: aws_sdk_secretsmanager::Client,
    sns: aws_sdk_sns::Client,
    ssm: aws_sdk_ssm::Client,
    sts: aws_sdk_sts::Client,
);
