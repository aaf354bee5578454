use super::*;
use crate::plan::discover::Overrides;

const FILE: &str = r#"region = "eu-west-1"
output = "json"

[defaults]
max-offline = "45m"
vault = "everywhere"

[stacks.my-hub]
profile = "hubs-cloud"
vault = "my-vault"
settle = "1m30s"
live = false

[stacks.Other-Hub]
cluster = "c"

[profiles.mine]
ask = ["DomainName"]
cluster = { logical-ids = ["Db"] }
file-system = { types = ["AWS::EFS::FileSystem"] }
vault = {}
role = {}
secret = {}
when = { resources = { Db = "AWS::RDS::DBCluster" } }

[profiles.mine.offline]
parameters = ["Mode"]
online = "on"
offline = "off"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("stacksnap.toml"))
}

fn refused(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn a_whole_file_is_read() {
    let config = parse(FILE).unwrap();
    assert_eq!(config.region.as_deref(), Some("eu-west-1"));
    let hub = config.stack("my-hub");
    assert_eq!((hub.settle, hub.max_offline), (Some(Span(90)), Some(Span(2_700))));
    assert_eq!(config.stack("Other-Hub").cluster.as_deref(), Some("c"));
    let profiles = config.profiles();
    assert_eq!((profiles[0].name.as_str(), profiles[0].ask.len()), ("mine", 1));
}

#[test]
fn a_stacks_own_table_wins_over_the_defaults() {
    let config = parse(FILE).unwrap();
    assert_eq!(config.stack("my-hub").vault.as_deref(), Some("my-vault"));
    assert_eq!(config.stack("another").vault.as_deref(), Some("everywhere"));
    let overrides: Overrides = config.stack("my-hub").overrides();
    assert_eq!(overrides.profile.as_deref(), Some("hubs-cloud"));
}

#[test]
fn every_value_says_where_it_comes_from() {
    let settings = parse(FILE).unwrap().settings(Some("my-hub"));
    let told = |key: &str| {
        let setting = settings.iter().find(|setting| setting.key == key).unwrap();
        format!("{} {}", setting.value.as_deref().unwrap_or("-"), setting.origin)
    };
    assert_eq!(told("output"), "json stacksnap.toml:2");
    assert_eq!(told("vault"), "my-vault stacksnap.toml:10");
    assert_eq!(told("max-offline"), "45m stacksnap.toml:5");
    assert_eq!(told("stack-profile"), "hubs-cloud stacksnap.toml:9");
    assert_eq!(told("profile"), "- default");
    assert_eq!(told("timeout"), "6h default");
}

#[test]
fn a_flag_or_variable_is_put_over_a_setting() {
    let setting = Setting { key: "output", value: None, origin: Origin::Default };
    let same = setting.clone().over(None, Origin::Flag("--output".to_owned()));
    assert_eq!(same, setting);
    let over = setting.over(Some("yaml".to_owned()), Origin::Variable("STACKSNAP_OUTPUT".to_owned()));
    assert_eq!(over.origin.to_string(), "$STACKSNAP_OUTPUT");
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one() {
    assert_eq!(refused("regoin = 1"), "stacksnap.toml:1: unknown key `regoin`; did you mean `region`?");
    assert_eq!(
        refused("[defaults]\n\nmax_offline = \"1h\""),
        "stacksnap.toml:3: unknown key `defaults.max_offline`; did you mean `max-offline`?"
    );
    assert_eq!(
        refused("[stacks.a]\nvalut = 'x'"),
        "stacksnap.toml:2: unknown key `stacks.a.valut`; did you mean `vault`?"
    );
    assert_eq!(
        refused("[profiles.p.cluster]\nlogical-id = []"),
        "stacksnap.toml:2: unknown key `profiles.p.cluster.logical-id`; did you mean `logical-ids`?"
    );
    assert_eq!(refused("\nzzz = 1"), "stacksnap.toml:2: unknown key `zzz`");
}

#[test]
fn what_is_not_toml_is_refused_with_its_line() {
    let text = refused("region = \"eu-west-1\"\noutput = \n");
    assert!(text.starts_with("stacksnap.toml:2: "), "{text}");
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_with_its_line() {
    for (text, line) in [
        ("\nregion = 5", 2),
        ("[defaults]\nmax-offline = \"60\"", 2),
        ("[stacks.a]\nlive = \"yes\"", 2),
        ("stacks = 1", 1),
        ("[region]\nx = 1", 1),
    ] {
        let told = refused(text);
        assert!(told.starts_with(&format!("stacksnap.toml:{line}: ")), "{told}");
    }
    assert!(refused("[defaults]\nsettle = \"60\"").contains("`60` is not a duration (write 30s"));
}

#[test]
fn a_profile_without_a_rule_says_which() {
    assert!(refused("[profiles.p]\nask = []").contains("missing field `cluster`"));
}

#[test]
fn a_named_file_that_is_not_there_is_an_error() {
    let places = Places { flag: Some("/nowhere/stacksnap.toml".into()), ..Places::default() };
    assert!(Config::load(&places).unwrap_err().to_string().starts_with("/nowhere/stacksnap.toml: "));
    assert!(Config::load(&Places::default()).unwrap().path.is_none());
}

#[test]
fn a_place_for_manifests_is_checked_where_it_stands() {
    let config = parse("[defaults]\nmanifest = \"s3://my-bucket/prod/\"\n[stacks.dev]\nmanifest = \"ssm\"\n").unwrap();
    let place = |stack: &str| config.stack(stack).manifest.map(String::from);
    assert_eq!((place("my-hub").as_deref(), place("dev").as_deref()), (Some("s3://my-bucket/prod"), Some("ssm")));
    let error = refused("[stacks.my-hub]\nvault = \"v\"\nmanifest = \"my-bucket\"\n");
    assert!(error.starts_with("stacksnap.toml:3: `my-bucket` is no place for manifests"), "{error}");
}
