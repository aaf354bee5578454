//! Each service's client, made on first use: building all of them would cost more than a short
//! command's whole work.

use std::sync::OnceLock;

use aws_types::SdkConfig;

use super::Aws;

#[derive(Debug)]
pub(super) struct Clients {
    pub(super) config: SdkConfig,
    backup: OnceLock<aws_sdk_backup::Client>,
    cloudformation: OnceLock<aws_sdk_cloudformation::Client>,
    rds: OnceLock<aws_sdk_rds::Client>,
    secrets: OnceLock<aws_sdk_secretsmanager::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
}

impl Clients {
    pub(super) fn new(config: SdkConfig) -> Self {
        Self {
            config,
            backup: OnceLock::new(),
            cloudformation: OnceLock::new(),
            rds: OnceLock::new(),
            secrets: OnceLock::new(),
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

first_use!(
    backup: aws_sdk_backup::Client,
    cloudformation: aws_sdk_cloudformation::Client,
    rds: aws_sdk_rds::Client,
    secrets: aws_sdk_secretsmanager::Client,
    ssm: aws_sdk_ssm::Client,
    sts: aws_sdk_sts::Client,
);
