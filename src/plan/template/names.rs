//! Which property gives a resource its fixed name, and what that name is in its physical id.

use super::{Node, TemplateResource};

/// The physical name that a new stack gives a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// CloudFormation makes one up: it differs.
    Generated,
    /// This one.
    Fixed(String),
    /// It has a part that is new for every stack: it differs.
    Fresh,
    /// It cannot be told before.
    Unknown,
}

/// Type → the property that is its name. A type that is not here has none, or none that must be unique.
const NAMES: &[(&str, &str)] = &[
    ("AWS::AutoScaling::AutoScalingGroup", "AutoScalingGroupName"),
    ("AWS::Backup::BackupVault", "BackupVaultName"),
    ("AWS::CloudWatch::Alarm", "AlarmName"),
    ("AWS::DynamoDB::Table", "TableName"),
    ("AWS::EC2::KeyPair", "KeyName"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateName"),
    ("AWS::ECR::Repository", "RepositoryName"),
    ("AWS::ECS::Cluster", "ClusterName"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name"),
    ("AWS::Events::Rule", "Name"),
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
    ("AWS::KMS::Alias", "AliasName"),
    ("AWS::Kinesis::Stream", "Name"),
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::OpenSearchService::Domain", "DomainName"),
    ("AWS::RDS::DBCluster", "DBClusterIdentifier"),
    ("AWS::RDS::DBClusterParameterGroup", "DBClusterParameterGroupName"),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    ("AWS::RDS::DBParameterGroup", "DBParameterGroupName"),
    ("AWS::RDS::DBSubnetGroup", "DBSubnetGroupName"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::SNS::Topic", "TopicName"),
    ("AWS::SQS::Queue", "QueueName"),
    ("AWS::SSM::Parameter", "Name"),
    ("AWS::Scheduler::Schedule", "Name"),
    ("AWS::SecretsManager::Secret", "Name"),
    ("AWS::Serverless::Function", "FunctionName"),
    ("AWS::StepFunctions::StateMachine", "StateMachineName"),
];

impl TemplateResource {
    /// The expression of its fixed name, where it has one.
    pub fn physical_name(&self) -> Option<&Node> {
        let (_, property) = NAMES.iter().find(|(kind, _)| *kind == self.resource_type)?;
        self.properties.get(property)
    }
}

/// The fixed name of something that exists, from its type and physical id (an ARN or URL for some types).
pub fn existing_name<'a>(resource_type: &str, physical_id: &'a str) -> &'a str {
    let last = |text: &'a str, sign| text.rsplit(sign).next().unwrap_or(text);
    let arn = physical_id.starts_with("arn:");
    match resource_type {
        // `…:secret:name-1a2b3c`
        "AWS::SecretsManager::Secret" if arn => {
            let name = physical_id.splitn(7, ':').nth(6).unwrap_or(physical_id);
            name.rsplit_once('-').map_or(name, |(name, _)| name)
        }
        // `…:loadbalancer/app/name/1a2b`, `…:targetgroup/name/1a2b`
        "AWS::ElasticLoadBalancingV2::LoadBalancer" | "AWS::ElasticLoadBalancingV2::TargetGroup" if arn => {
            physical_id.rsplit('/').nth(1).unwrap_or(physical_id)
        }
        "AWS::IAM::ManagedPolicy" if arn => last(physical_id, '/'),
        "AWS::SNS::Topic" | "AWS::StepFunctions::StateMachine" if arn => last(physical_id, ':'),
        "AWS::SQS::Queue" => last(physical_id, '/'),
        _ => physical_id,
    }
}

/// Whether two names are one for AWS: RDS's identifiers have no capitals.
pub(super) fn one_name(resource_type: &str, left: &str, right: &str) -> bool {
    if resource_type.starts_with("AWS::RDS::") { left.eq_ignore_ascii_case(right) } else { left == right }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_names_each_type_once() {
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_name_is_found_in_an_arn() {
        let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hub/db-secret-1a2b3c";
        assert_eq!(existing_name("AWS::SecretsManager::Secret", secret), "hub/db-secret");
        let balancer = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/hub-alb/50dc6c49";
        assert_eq!(existing_name("AWS::ElasticLoadBalancingV2::LoadBalancer", balancer), "hub-alb");
        assert_eq!(existing_name("AWS::SNS::Topic", "arn:aws:sns:eu-west-1:1:alerts"), "alerts");
        assert_eq!(existing_name("AWS::SQS::Queue", "https://sqs.eu-west-1.amazonaws.com/1/jobs"), "jobs");
        assert_eq!(existing_name("AWS::SSM::Parameter", "/hub/key"), "/hub/key");
    }
}
