//! What an expression depends on: parameters, through conditions and other resources, too.

use std::collections::BTreeSet;

use super::{Node, Template};

/// Everything that an expression's value may follow from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Keys of parameters.
    pub parameters: BTreeSet<String>,
    /// Names of conditions.
    pub conditions: BTreeSet<String>,
    /// Logical ids of resources.
    pub resources: BTreeSet<String>,
}

/// Properties whose change makes CloudFormation replace a resource. Of a type that is not here, each
/// property counts.
const REPLACING: &[(&str, &[&str])] = &[
    ("AWS::Backup::BackupVault", &["BackupVaultName", "EncryptionKeyArn"]),
    ("AWS::EC2::SecurityGroup", &["GroupDescription", "GroupName", "VpcId"]),
    (
        "AWS::EC2::Subnet",
        &["AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "Ipv6CidrBlock", "OutpostArn", "VpcId"],
    ),
    ("AWS::EC2::VPC", &["CidrBlock", "InstanceTenancy"]),
    ("AWS::EFS::FileSystem", &["AvailabilityZoneName", "Encrypted", "KmsKeyId", "PerformanceMode"]),
    ("AWS::IAM::Role", &["Path", "RoleName"]),
    ("AWS::KMS::Key", &["MultiRegion"]),
    ("AWS::Lambda::Function", &["FunctionName", "PackageType"]),
    (
        "AWS::RDS::DBCluster",
        &[
            "AvailabilityZones",
            "ClusterScalabilityType",
            "DBClusterIdentifier",
            "DBSubnetGroupName",
            "DBSystemId",
            "DatabaseName",
            "Engine",
            "EngineMode",
            "KmsKeyId",
            "MasterUsername",
            "PubliclyAccessible",
            "RestoreToTime",
            "RestoreType",
            "SnapshotIdentifier",
            "SourceDBClusterIdentifier",
            "SourceDbClusterResourceId",
            "SourceRegion",
            "StorageEncrypted",
            "UseLatestRestorableTime",
        ],
    ),
    ("AWS::RDS::DBSubnetGroup", &["DBSubnetGroupName"]),
    ("AWS::SecretsManager::Secret", &["Name"]),
    ("AWS::Serverless::Function", &["FunctionName", "PackageType"]),
];

/// Whether a change of this property may replace a resource of this type.
pub(crate) fn replaces(resource_type: &str, property: &str) -> bool {
    let known = REPLACING.iter().find(|(kind, _)| *kind == resource_type);
    known.is_none_or(|(_, properties)| properties.contains(&property))
}

impl Template {
    /// What `node` depends on, all the way. Of a resource that it refers to, what could replace it counts.
    pub fn reach(&self, node: &Node) -> Reach {
        let mut reach = Reach::default();
        let mut todo = vec![node];
        while let Some(node) = todo.pop() {
            match node {
                Node::List(items) => todo.extend(items),
                Node::Map(members) => {
                    if let Some((name, argument)) = node.function() {
                        self.function(name, argument, &mut reach, &mut todo);
                    }
                    todo.extend(members.iter().map(|(_, node)| node));
                }
                Node::Null | Node::Text(_) => {}
            }
        }
        reach
    }

    fn function<'a>(&'a self, name: &str, argument: &Node, reach: &mut Reach, todo: &mut Vec<&'a Node>) {
        match name {
            "Ref" => self.reference(argument.text(), reach, todo),
            "Fn::GetAtt" => self.reference(argument.items().first().and_then(Node::text), reach, todo),
            "Condition" => self.named(argument.text(), reach, todo),
            "Fn::If" => self.named(argument.items().first().and_then(Node::text), reach, todo),
            "Fn::Sub" => {
                let text = argument.text().or_else(|| argument.items().first()?.text()).unwrap_or_default();
                for part in text.split("${").skip(1) {
                    let name = part.split('}').next().unwrap_or_default();
                    self.reference(name.split('.').next(), reach, todo);
                }
            }
            _ => {}
        }
    }

    fn reference<'a>(&'a self, name: Option<&str>, reach: &mut Reach, todo: &mut Vec<&'a Node>) {
        let Some(name) = name else { return };
        if self.parameter(name).is_some() {
            reach.parameters.insert(name.to_owned());
        } else if let Some(resource) = self.resource(name)
            && reach.resources.insert(name.to_owned())
        {
            self.named(resource.condition.as_deref(), reach, todo);
            let counts = |property: &&(String, Node)| replaces(&resource.resource_type, &property.0);
            todo.extend(resource.properties.members().iter().filter(counts).map(|(_, node)| node));
        }
    }

    fn named<'a>(&'a self, name: Option<&str>, reach: &mut Reach, todo: &mut Vec<&'a Node>) {
        if let Some((name, node)) = name.and_then(|name| Some((name, self.condition(name)?)))
            && reach.conditions.insert(name.to_owned())
        {
            todo.push(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::hub;
    use super::*;

    #[test]
    fn a_restore_parameter_is_found_through_a_condition() {
        let hub = hub();
        let reach = hub.reach(hub.resource("AppDb").unwrap().properties.get("MasterUsername").unwrap());
        assert_eq!(reach.parameters, BTreeSet::from(["RestoreDbSnapshotIdentifier".to_owned()]));
        assert_eq!(reach.conditions, BTreeSet::from(["IsRestore".to_owned()]));
    }

    #[test]
    fn a_resource_that_is_referred_to_counts_with_what_could_replace_it() {
        let hub = hub();
        let reach = hub.reach(&hub.resource("StorageEFS").unwrap().properties);
        assert_eq!(reach.resources, BTreeSet::from(["EFSLambda".to_owned()]));
        assert_eq!(reach.parameters, BTreeSet::from(["RestoreRecoveryPointArn".to_owned()]));
    }
}
