//! Which changed properties make another physical resource.

/// Properties whose change makes another physical resource.
const ALWAYS: [(&str, &[&str]); 12] = [
    (
        "AWS::RDS::DBCluster",
        &[
            "AvailabilityZones",
            "DBClusterIdentifier",
            "DBSubnetGroupName",
            "DatabaseName",
            "EngineMode",
            "KmsKeyId",
            "MasterUsername",
            "RestoreToTime",
            "RestoreType",
            "SnapshotIdentifier",
            "SourceDBClusterIdentifier",
            "StorageEncrypted",
            "UseLatestRestorableTime",
        ],
    ),
    ("AWS::RDS::DBInstance", &["AvailabilityZone", "DBClusterIdentifier", "DBInstanceIdentifier", "Engine"]),
    ("AWS::EFS::FileSystem", &["AvailabilityZoneName", "Encrypted", "KmsKeyId", "PerformanceMode"]),
    ("AWS::EFS::MountTarget", &["FileSystemId", "SubnetId"]),
    (
        "Custom::EFS",
        &["BackupVaultName", "Encrypted", "KmsKeyId", "PerformanceMode", "RecoveryPointArn", "RestoreStackName"],
    ),
    ("AWS::Backup::BackupVault", &["BackupVaultName", "EncryptionKeyArn"]),
    ("AWS::IAM::Role", &["Path", "RoleName"]),
    ("AWS::SecretsManager::Secret", &["Name"]),
    ("AWS::SSM::Parameter", &["Name", "Type"]),
    ("AWS::S3::Bucket", &["BucketName"]),
    ("AWS::Logs::LogGroup", &["LogGroupName"]),
    ("AWS::KMS::Key", &["KeySpec", "KeyUsage"]),
];

/// `True`, `Conditional` or `False`.
pub(super) fn replacement(kind: &str, property: &str) -> &'static str {
    let row = ALWAYS.iter().find(|(known, _)| *known == kind);
    match row {
        Some((_, properties)) if properties.contains(&property) => "True",
        None if kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource" => "Conditional",
        _ => "False",
    }
}
