//! DescribeDBClusterSnapshots, read faster than the SDK reads it: a hundred thousand snapshots are a hundred
//! megabytes of XML, and `list` needs half of it.
//!
//! What is not exactly as expected, and every refusal, is left to the SDK's own deserializer: this one only
//! takes answers of which it understands every byte that it keeps, and it makes of them what the SDK would.

use std::borrow::Cow;

use aws_sdk_rds::operation::describe_db_cluster_snapshots::{
    DescribeDBClusterSnapshots, DescribeDbClusterSnapshotsOutput,
};
use aws_sdk_rds::types::{DbClusterSnapshot, Tag};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{BeforeSerializationInterceptorContextRef, Error, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};

/// Lets the answer to one DescribeDBClusterSnapshots be read here. Only the members that `rds` turns into a
/// snapshot of ours are filled in.
#[derive(Debug)]
pub(super) struct SnapshotRows;

impl Intercept for SnapshotRows {
    fn name(&self) -> &'static str {
        "SnapshotRows"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What an interceptor stores is found before what the operation stored.
        cfg.interceptor_state().store_put(SharedResponseDeserializer::new(Rows));
        Ok(())
    }
}

#[derive(Debug)]
struct Rows;

impl DeserializeResponse for Rows {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        cfg: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let body = response.body().bytes().filter(|_| response.status().is_success());
        match body.and_then(page) {
            Some(page) => Ok(Output::erase(page)),
            None => by_the_sdk(response, cfg),
        }
    }
}

/// The bag holds only ours by now; the operation hands out its own again.
fn by_the_sdk(response: &HttpResponse, cfg: &ConfigBag) -> Result<Output, OrchestratorError<Error>> {
    let own = DescribeDBClusterSnapshots::new().config();
    match own.as_ref().and_then(|own| own.load::<SharedResponseDeserializer>()) {
        Some(sdk) => sdk.deserialize_nonstreaming_with_config(response, cfg),
        None => Err(OrchestratorError::other("DescribeDBClusterSnapshots has no deserializer")),
    }
}

/// `None`, here and below: something is not as expected.
fn page(body: &[u8]) -> Option<DescribeDbClusterSnapshotsOutput> {
    let mut xml = Xml::of(body);
    let (mut marker, mut rows) = (None, None);
    xml.root("DescribeDBClusterSnapshotsResponse")?;
    xml.only("DescribeDBClusterSnapshotsResult")?;
    xml.each(|xml, name| {
        match name {
            "Marker" => marker = Some(xml.string()?),
            "DBClusterSnapshots" => rows = Some(xml.list("DBClusterSnapshot", snapshot)?),
            _ => xml.skip(name)?,
        }
        Some(())
    })?;
    xml.each(Xml::skip)?;
    xml.end()?;
    Some(DescribeDbClusterSnapshotsOutput::builder().set_marker(marker).set_db_cluster_snapshots(rows).build())
}

fn snapshot(xml: &mut Xml<'_>) -> Option<DbClusterSnapshot> {
    let mut row = DbClusterSnapshot::builder().build();
    xml.each(|xml, name| {
        match name {
            "DBClusterSnapshotIdentifier" => row.db_cluster_snapshot_identifier = Some(xml.string()?),
            "DBClusterSnapshotArn" => row.db_cluster_snapshot_arn = Some(xml.string()?),
            "DBClusterIdentifier" => row.db_cluster_identifier = Some(xml.string()?),
            "Status" => row.status = Some(xml.string()?),
            "SnapshotType" => row.snapshot_type = Some(xml.string()?),
            "PercentProgress" => row.percent_progress = Some(xml.text()?.parse().ok()?),
            "SnapshotCreateTime" => row.snapshot_create_time = Some(instant(&xml.text()?)?),
            "KmsKeyId" => row.kms_key_id = Some(xml.string()?),
            "AllocatedStorage" => row.allocated_storage = Some(xml.text()?.parse().ok()?),
            "TagList" => row.tag_list = Some(xml.list("Tag", tag)?),
            _ => xml.skip(name)?,
        }
        Some(())
    })?;
    Some(row)
}

fn tag(xml: &mut Xml<'_>) -> Option<Tag> {
    let (mut key, mut value) = (None, None);
    xml.each(|xml, name| {
        match name {
            "Key" => key = Some(xml.string()?),
            "Value" => value = Some(xml.string()?),
            _ => xml.skip(name)?,
        }
        Some(())
    })?;
    Some(Tag::builder().set_key(key).set_value(value).build())
}

fn instant(text: &str) -> Option<DateTime> {
    DateTime::from_str(text, Format::DateTimeWithOffset).ok()
}

/// The XML that RDS writes: elements and text. Comments, CDATA, instructions and attributes are unexpected.
struct Xml<'a>(Reader<&'a [u8]>);

impl<'a> Xml<'a> {
    fn of(body: &'a [u8]) -> Self {
        let mut reader = Reader::from_reader(body);
        reader.config_mut().expand_empty_elements = true;
        Self(reader)
    }

    /// Enters the outermost element, the only one with an attribute (its namespace).
    fn root(&mut self, name: &str) -> Option<()> {
        loop {
            match self.0.read_event() {
                Ok(Event::Start(root)) => {
                    let sound = root.name().0 == name && root.attributes().all(|attribute| attribute.is_ok());
                    return sound.then_some(());
                }
                Ok(Event::Decl(_)) => {}
                Ok(Event::Text(text)) if blank(&text) => {}
                _ => return None,
            }
        }
    }

    /// Enters the next element, which must be this one.
    fn only(&mut self, name: &str) -> Option<()> {
        loop {
            match self.0.read_event() {
                Ok(Event::Start(start)) => return (plain(&start) && start.name().0 == name).then_some(()),
                Ok(Event::Text(text)) if blank(&text) => {}
                _ => return None,
            }
        }
    }

    /// Enters one child after the other until the element ends; `each` reads to the child's end.
    fn each(&mut self, mut each: impl FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        loop {
            match self.0.read_event() {
                Ok(Event::Start(start)) if plain(&start) => each(self, start.name().0)?,
                Ok(Event::End(_)) => return Some(()),
                Ok(Event::Text(text)) if blank(&text) => {}
                _ => return None,
            }
        }
    }

    /// The children of this name.
    fn list<T>(&mut self, of: &str, item: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        self.each(|xml, name| {
            if name == of {
                items.push(item(xml)?);
                return Some(());
            }
            xml.skip(name)
        })?;
        Some(items)
    }

    /// To the end of an element that is not kept. A prefixed name is unexpected: the SDK ignores prefixes.
    fn skip(&mut self, name: &str) -> Option<()> {
        let known = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let mut depth = 0_usize;
        let mut sound = known(name);
        while sound {
            match self.0.read_event() {
                Ok(Event::Start(start)) => {
                    depth += 1;
                    sound = plain(&start) && known(start.name().0);
                }
                Ok(Event::End(_)) if depth == 0 => return Some(()),
                Ok(Event::End(_)) => depth -= 1,
                Ok(Event::Text(_) | Event::GeneralRef(_)) => {}
                _ => return None,
            }
        }
        None
    }

    fn string(&mut self) -> Option<String> {
        self.text().map(Cow::into_owned)
    }

    /// The text up to the element's end, blanks and line ends as they are.
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let mut all = Cow::Borrowed("");
        loop {
            match self.0.read_event() {
                Ok(Event::Text(text)) if !legal(&text) => return None,
                Ok(Event::Text(text)) if all.is_empty() => all = text.into_inner(),
                Ok(Event::Text(text)) => all.to_mut().push_str(&text),
                Ok(Event::GeneralRef(reference)) => match reference.resolve_char_ref().ok()? {
                    Some(letter) => all.to_mut().push(letter),
                    None => all.to_mut().push_str(resolve_xml_entity(&reference)?),
                },
                Ok(Event::End(_)) => return Some(all),
                _ => return None,
            }
        }
    }

    /// Nothing comes behind the outermost element.
    fn end(&mut self) -> Option<()> {
        loop {
            match self.0.read_event() {
                Ok(Event::Eof) => return Some(()),
                Ok(Event::Text(text)) if blank(&text) => {}
                _ => return None,
            }
        }
    }
}

fn plain(start: &BytesStart<'_>) -> bool {
    start.attributes_raw().is_empty()
}

fn blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// The SDK refuses what XML forbids in text; quick-xml does not look.
fn legal(text: &str) -> bool {
    let usual = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'>';
    let allowed = |c: char| matches!(c, '\t' | '\r' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.bytes().all(usual) || (text.chars().all(allowed) && !text.contains("]]>"))
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    const ROW: &str = "<DBClusterSnapshot>
      <AvailabilityZones><AvailabilityZone>us-east-1a</AvailabilityZone></AvailabilityZones>
      <DBClusterSnapshotIdentifier>my-hub-20261120-020000</DBClusterSnapshotIdentifier>
      <DBClusterIdentifier>my-hub-app-db</DBClusterIdentifier>
      <SnapshotCreateTime>2026-11-20T02:03:04.567Z</SnapshotCreateTime>
      <ClusterCreateTime>2026-01-02T00:00:00Z</ClusterCreateTime>
      <Engine>aurora-postgresql</Engine>
      <AllocatedStorage>1</AllocatedStorage>
      <Status>available</Status>
      <Port>0</Port>
      <SnapshotType>manual</SnapshotType>
      <PercentProgress>100</PercentProgress>
      <StorageEncrypted>true</StorageEncrypted>
      <KmsKeyId>arn:aws:kms:us-east-1:123456789012:key/1a2b</KmsKeyId>
      <DBClusterSnapshotArn>arn:aws:rds:us-east-1:123456789012:cluster-snapshot:my-hub</DBClusterSnapshotArn>
      <TagList>
        <Tag><Key>stacksnap:id</Key><Value>my-hub-20261120-020000</Value></Tag>
        <Tag><Value/><Key>empty</Key></Tag>
        <Tag><Key>no value</Key></Tag>
      </TagList>
    </DBClusterSnapshot>";

    fn answer(rows: &str) -> String {
        format!(
            "<DescribeDBClusterSnapshotsResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\">
  <DescribeDBClusterSnapshotsResult>
    <DBClusterSnapshots>{rows}</DBClusterSnapshots>
    <Marker>the next &amp; last</Marker>
  </DescribeDBClusterSnapshotsResult>
  <ResponseMetadata><RequestId>b2f1</RequestId></ResponseMetadata>
</DescribeDBClusterSnapshotsResponse>\n"
        )
    }

    /// A page whose one snapshot has this status, as it is written.
    fn with_status(status: &str) -> String {
        answer(&ROW.replace("available</Status>", &format!("{status}</Status>")))
    }

    fn response(status: u16, body: impl AsRef<[u8]>) -> HttpResponse {
        HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body.as_ref()))
    }

    type Answer = Result<Output, OrchestratorError<Error>>;

    /// What `rds` reads of a page, or the error.
    fn read(answer: Answer) -> Result<(Option<String>, Option<Vec<DbClusterSnapshot>>), String> {
        let mut page = match answer {
            Ok(page) => page.downcast::<DescribeDbClusterSnapshotsOutput>().unwrap(),
            Err(error) => return Err(format!("{error:?}")),
        };
        for row in page.db_cluster_snapshots.iter_mut().flatten() {
            *row = DbClusterSnapshot::builder()
                .set_db_cluster_snapshot_identifier(row.db_cluster_snapshot_identifier.take())
                .set_db_cluster_snapshot_arn(row.db_cluster_snapshot_arn.take())
                .set_db_cluster_identifier(row.db_cluster_identifier.take())
                .set_status(row.status.take())
                .set_snapshot_type(row.snapshot_type.take())
                .set_percent_progress(row.percent_progress)
                .set_snapshot_create_time(row.snapshot_create_time)
                .set_kms_key_id(row.kms_key_id.take())
                .set_allocated_storage(row.allocated_storage)
                .set_tag_list(row.tag_list.take())
                .build();
        }
        Ok((page.marker, page.db_cluster_snapshots))
    }

    /// What both make of it, which must be the same.
    fn both(status: u16, body: impl AsRef<[u8]>) -> Result<(Option<String>, Option<Vec<DbClusterSnapshot>>), String> {
        let (response, bag) = (response(status, body), ConfigBag::base());
        let ours = read(Rows.deserialize_nonstreaming_with_config(&response, &bag));
        assert_eq!(ours, read(by_the_sdk(&response, &bag)));
        ours
    }

    /// Read here, and as the SDK reads it.
    fn ours(body: &str) -> (Option<String>, Vec<DbClusterSnapshot>) {
        assert!(page(body.as_bytes()).is_some(), "left to the SDK: {body}");
        let (marker, rows) = both(200, body).unwrap();
        (marker, rows.unwrap_or_default())
    }

    /// Left to the SDK, whatever that makes of it.
    fn theirs(body: &str) -> Result<Option<String>, String> {
        assert!(page(body.as_bytes()).is_none(), "read here: {body}");
        let (_, rows) = both(200, body)?;
        Ok(rows.unwrap_or_default().pop().and_then(|row| row.status))
    }

    #[test]
    fn a_page_is_read_as_the_sdk_reads_it() {
        let (marker, rows) = ours(&answer(&ROW.repeat(3)));
        assert_eq!((marker.as_deref(), rows.len()), (Some("the next & last"), 3));
        assert_eq!(rows[2].snapshot_create_time.unwrap().to_millis().unwrap(), 1_795_140_184_567);
        assert_eq!(rows[2].tag_list().len(), 3);
        assert_eq!((rows[2].tag_list()[1].value(), rows[2].tag_list()[2].value()), (Some(""), None));
        let declared = format!("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", answer(ROW));
        assert_eq!(ours(&declared).1.len(), 1);
    }

    #[test]
    fn a_page_may_be_empty_and_the_last() {
        let last = answer("").replace("<Marker>the next &amp; last</Marker>", "");
        assert_eq!(ours(&last), (None, vec![]));
        assert_eq!(ours(&last.replace("<DBClusterSnapshots></DBClusterSnapshots>", "<DBClusterSnapshots/>")).1, []);
        assert_eq!(ours(&last.replace("<DBClusterSnapshots></DBClusterSnapshots>", "")).1, []);
    }

    #[test]
    fn text_is_unescaped_and_kept_otherwise() {
        for (written, meant) in [
            ("&amp; &#xAC00; &lt;&gt;&quot;&apos;&#44032;", "& \u{ac00} <>\"'\u{ac00}"),
            ("&amp;lt;", "&lt;"),
            (" a\r\n\tb&#13;&#10; ", " a\r\n\tb\r\n "),
            ("a>b]] >", "a>b]] >"),
            ("가 \u{1f355} \u{7f}\u{85}", "가 \u{1f355} \u{7f}\u{85}"),
            ("", ""),
        ] {
            let (_, rows) = ours(&with_status(written));
            assert_eq!(rows[0].status(), Some(meant), "{written}");
        }
    }

    #[test]
    fn lists_and_members_may_be_empty_or_missing() {
        let of = |row: &str| ours(&answer(row)).1.remove(0);
        let tags = |list: &str| of(&format!("<DBClusterSnapshot>{list}</DBClusterSnapshot>")).tag_list;
        assert_eq!(tags("<TagList></TagList>"), Some(vec![]));
        assert_eq!(tags("<TagList/>"), Some(vec![]));
        assert_eq!(tags("<TagList> <Tag/> </TagList>").unwrap().len(), 1);
        assert_eq!(tags(""), None);
        assert_eq!(of("<DBClusterSnapshot/>"), DbClusterSnapshot::builder().build());
        assert_eq!(of("<DBClusterSnapshot><Status/></DBClusterSnapshot>").status(), Some(""));
    }

    #[test]
    fn what_aws_may_add_is_passed_over_with_all_that_is_in_it() {
        let new = "<New><Status>wrong</Status><New/>&amp;<TagList><Tag><Key>wrong</Key></Tag></TagList></New>";
        let (marker, rows) = ours(&answer(&format!("{new}{}", ROW.replace("<Engine>", &format!("{new}<Engine>")))));
        assert_eq!((rows.len(), rows[0].status(), rows[0].tag_list().len()), (1, Some("available"), 3));
        let outside = answer(ROW).replace("<Marker>", "<Other><Marker>wrong</Marker></Other><Marker>");
        assert_eq!(ours(&outside), (marker, rows));
    }

    #[test]
    fn what_is_unusual_is_left_to_the_sdk() {
        for unusual in ["<![CDATA[x]]>available", "<!-- a -->available", "<?a b?>available"] {
            assert_eq!(theirs(&with_status(unusual)).unwrap().as_deref(), Some("available"), "{unusual}");
        }
        for named in ["<Status a=\"1\">", "<a:Status>"] {
            let body = answer(ROW).replace("<Status>", named);
            let body = if named.contains(':') { body.replace("</Status>", "</a:Status>") } else { body };
            assert_eq!(theirs(&body).unwrap().as_deref(), Some("available"), "{named}");
        }
        for wrong in ["&nbsp;", "&", "&#x110000;", "&lt", "<a/>", "\u{1}", "]]>", "\u{ffff}"] {
            theirs(&with_status(wrong)).unwrap_err();
        }
        let numbers = [
            ("AllocatedStorage>1<", "AllocatedStorage>one<"),
            ("Time>2026-11", "Time>in 11"),
            ("Progress>", "Progress> "),
        ];
        for (right, wrong) in numbers {
            theirs(&answer(ROW).replacen(right, wrong, 1)).unwrap_err();
        }
    }

    #[test]
    fn other_answers_are_the_sdks() {
        for other in ["", "<html></html>", "<DescribeDBClusterSnapshotsResponse/>", "nonsense"] {
            theirs(other).unwrap_err();
        }
        let refusal =
            "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
        assert!(both(400, refusal).unwrap_err().contains("Rate exceeded"));
        assert!(both(500, answer(ROW)).is_err());
        let mut bytes = answer(ROW).into_bytes();
        bytes[200] = 0xff;
        both(200, bytes).unwrap_err();
    }

    #[test]
    fn a_page_that_is_cut_off_is_never_read_here() {
        let body = answer(ROW);
        for end in (0..body.trim_end().len()).filter(|end| body.is_char_boundary(*end)) {
            assert!(page(&body.as_bytes()[..end]).is_none(), "{end}");
            drop(both(200, &body[..end]));
        }
    }
}
