use std::io::Read as _;

use flate2::Compression;
use flate2::read::DeflateEncoder;
use proptest::prelude::*;

use super::*;
use crate::model::stack::{Declared, Output, Parameter};
use crate::plan::fixture;

const ID: &str = "my-hub-20261120-020000";

fn declared(key: &str, no_echo: bool) -> Declared {
    Declared {
        key: key.to_owned(),
        kind: "String".to_owned(),
        allowed: Vec::new(),
        no_echo,
        default: None,
        limits: Default::default(),
    }
}

fn source() -> Source {
    let survey = fixture::survey();
    let mut all = survey.declared.here().cloned().unwrap_or_default();
    all.push(declared("Pin", true));
    Source {
        template: "Parameters: {}\n".to_owned(),
        declared: all,
        versions: vec![KeptVersion { name: "/keymaster/my-hub/phoenix-key".to_owned(), version: Some(3) }],
    }
}

fn parameter(key: &str, value: &str) -> Parameter {
    Parameter { key: key.to_owned(), value: value.to_owned(), resolved: None }
}

fn tag(key: &str) -> StackTag {
    StackTag { key: key.to_owned(), value: "x".to_owned() }
}

fn stack() -> Stack {
    let mut stack = fixture::stack();
    stack.parameters.extend([parameter("Pin", "sesame"), parameter("Old", "****")]);
    stack.tags = vec![tag("team"), tag("aws:cloudformation:stack-name")];
    stack
}

fn made(stack: &Stack, place: &Place) -> Manifest {
    let survey = fixture::survey();
    let topology = survey.topology.unwrap().unwrap();
    let (source, at) = (source(), fixture::now());
    compose(&Composed { id: ID, at, stack, topology: &topology, source: &source, secret_version: Some("v-1") }, place)
}

fn s3() -> Place {
    "s3://my-bucket/prod".parse().unwrap()
}

#[test]
fn of_a_noecho_parameter_only_the_key_is_kept() {
    let manifest = made(&stack(), &s3());
    let value = |key: &str| manifest.parameters.iter().find(|it| it.key == key).map(|it| it.value.as_deref());
    assert_eq!(value("StackOffline"), Some(Some("Online")));
    assert_eq!((value("Pin"), value("Old")), (Some(None), Some(None)));
    let text = pretty(manifest).text;
    assert!(!text.contains("sesame") && !text.contains("****"), "{text}");
}

#[test]
fn what_a_restore_needs_is_in_it() {
    let manifest = made(&stack(), &s3());
    assert_eq!(manifest.tags, [tag("team")]);
    let secret = manifest.secret.unwrap();
    assert_eq!((secret.arn.ends_with("AppDbSecret-1a2b"), secret.version.as_deref()), (true, Some("v-1")));
    let version = |name: &str| manifest.parameter_store.iter().find(|it| it.name.ends_with(name)).unwrap().version;
    assert_eq!((version("phoenix-key"), version("postgrest-db-secret")), (Some(3), None));
    let template = manifest.template.unwrap();
    let at = template.at.unwrap();
    assert_eq!(at, format!("s3://my-bucket/prod/{ID}/template-{}.yaml", &template.sha256[..12]));
    assert_eq!(template.bytes, 15);
    assert!(manifest.left_out.is_empty());
}

#[test]
fn without_a_bucket_it_says_that_the_template_is_not_kept() {
    let manifest = made(&stack(), &Place::ParameterStore);
    assert_eq!(manifest.template.unwrap().at, None);
    assert!(manifest.left_out[0].contains("90 days"), "{:?}", manifest.left_out);
}

#[test]
fn it_comes_back_as_it_was_in_both_forms() {
    let manifest = made(&stack(), &s3());
    for fitted in [pretty(manifest.clone()), fit(manifest.clone(), LONGEST).unwrap()] {
        let back = read(fitted.text.as_bytes()).unwrap();
        assert_eq!((&back.manifest, &back.digest), (&manifest, &digest(&manifest)));
        assert_eq!(back.digest, fitted.digest);
    }
}

#[test]
fn another_value_is_another_checksum() {
    let manifest = made(&stack(), &s3());
    let text = pretty(manifest).text;
    let tampered = read(text.replace("\"Online\"", "\"Offline\"").as_bytes()).unwrap();
    assert_ne!(tampered.digest, read(text.as_bytes()).unwrap().digest);
}

#[test]
fn a_field_of_tomorrow_counts_for_the_checksum() {
    let text = pretty(made(&stack(), &s3())).text;
    let more = read(text.replacen('{', "{\"future\":1,", 1).as_bytes()).unwrap();
    assert_ne!(more.digest, digest(&more.manifest));
}

/// Text that does not compress.
fn noise(n: usize, length: usize) -> String {
    let mut seed = u64::try_from(n).unwrap() + 1;
    let mut letter = |_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + u8::try_from((seed >> 33) % 90).unwrap())
    };
    (0..length).map(&mut letter).collect()
}

fn large(values: usize, length: usize) -> Stack {
    let mut stack = stack();
    stack.outputs = (0..30).map(|n| Output { key: format!("Out{n}"), value: noise(n, 60) }).collect();
    stack.parameters.extend((0..values).map(|n| parameter(&format!("Key{n}"), &noise(100 + n, length + n))));
    stack
}

#[test]
fn what_has_no_room_is_left_out_in_a_fixed_order_and_said() {
    let manifest = made(&large(0, 0), &Place::ParameterStore);
    let fitted = fit(manifest.clone(), 2_600).unwrap();
    assert!(fitted.text.len() <= 2_600);
    assert_eq!(fitted.manifest.left_out[1..], ["the stack's outputs"]);
    assert_eq!(fitted.manifest.parameters, manifest.parameters);
    let smaller = fit(made(&large(20, 150), &Place::ParameterStore), LONGEST).unwrap().manifest;
    let left_out = &smaller.left_out[1..];
    assert_eq!(left_out[..3], ["the stack's outputs", "the stack's own tags", "how the parts were found"]);
    assert_eq!(left_out[3], "the value of parameter Key19");
    assert_eq!(smaller.parameters.len(), manifest.parameters.len() + 20, "every key stays");
    assert_eq!(smaller.topology.restore, manifest.topology.restore);
    assert!(smaller.secret.is_some() && !smaller.parameter_store.is_empty());
}

#[test]
fn what_must_be_kept_and_does_not_fit_is_refused() {
    let error = fit(made(&stack(), &Place::ParameterStore), 300).unwrap_err();
    assert!(error.to_string().contains("and 300 fit"), "{error}");
}

#[test]
fn a_newer_manifest_names_the_version_that_wrote_it() {
    let error = read(br#"{"format":2,"tool":"9.1.0","odd":true}"#).unwrap_err();
    assert_eq!(error, Unreadable::Newer { format: 2, tool: "9.1.0".to_owned() });
    assert!(error.to_string().contains("9.1.0"));
}

#[test]
fn anything_else_is_damaged() {
    for text in ["", "{}", "hello", "z1:", "z1:%%%", "z1:AAAA", r#"{"format":1}"#] {
        assert!(matches!(read(text.as_bytes()), Err(Unreadable::Damaged(_))), "{text}");
    }
}

#[test]
fn fm_93_a_bomb_is_not_unpacked() {
    let zeros = vec![b' '; 64 << 20];
    let mut bytes = Vec::new();
    DeflateEncoder::new(zeros.as_slice(), Compression::best()).read_to_end(&mut bytes).unwrap();
    let bomb = format!("z1:{}", base64_simd::STANDARD.encode_to_string(&bytes));
    assert_eq!(read(bomb.as_bytes()), Err(Unreadable::TooLarge));
    assert_eq!(read(&zeros), Err(Unreadable::TooLarge));
}

#[test]
fn a_template_in_a_bucket_has_an_url_in_the_stacks_partition() {
    let of = |at: &str, partition: &str| {
        template_url(at, &format!("arn:{partition}:cloudformation:eu-west-1:123456789012:stack/my-hub/0a1b")).unwrap()
    };
    assert_eq!(of("s3://my-bucket/a/t.yaml", "aws"), "https://my-bucket.s3.eu-west-1.amazonaws.com/a/t.yaml");
    assert_eq!(of("s3://my.bucket/t.yaml", "aws"), "https://s3.eu-west-1.amazonaws.com/my.bucket/t.yaml");
    assert_eq!(of("s3://my-bucket/t", "aws-cn"), "https://my-bucket.s3.eu-west-1.amazonaws.com.cn/t");
}

proptest! {
    #[test]
    fn every_text_survives_packing(value in "\\PC{0,200}") {
        let mut stack = stack();
        stack.parameters.push(parameter("Any", &value));
        let manifest = made(&stack, &s3());
        let fitted = fit(manifest.clone(), usize::MAX).unwrap();
        prop_assert_eq!(read(fitted.text.as_bytes()).unwrap().manifest, manifest);
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(read(&bytes));
        drop(read(&[b"z1:".as_slice(), &bytes].concat()));
    }
}
