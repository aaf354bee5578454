//! Page markers, watched: a service that repeats one would otherwise keep us for ever.

use std::collections::HashSet;

use crate::model::{Refusal, RefusalKind};

/// The markers one listing has used so far.
#[derive(Debug)]
pub(super) struct Pages {
    service: &'static str,
    operation: &'static str,
    seen: HashSet<String>,
}

impl Pages {
    /// A listing that has not begun.
    pub(super) fn of(service: &'static str, operation: &'static str) -> Self {
        Self { service, operation, seen: HashSet::new() }
    }

    /// The next page's marker, if there is a next page. A page may be empty and still have one.
    ///
    /// # Errors
    /// The service gave this marker before: what the pages showed cannot be trusted to be all.
    pub(super) fn next(&mut self, marker: Option<String>) -> Result<Option<String>, Refusal> {
        let Some(marker) = marker.filter(|marker| !marker.is_empty()) else {
            return Ok(None);
        };
        if self.seen.insert(marker.clone()) { Ok(Some(marker)) } else { Err(self.repeated()) }
    }

    fn repeated(&self) -> Refusal {
        Refusal {
            kind: RefusalKind::Transient,
            service: self.service.to_owned(),
            operation: self.operation.to_owned(),
            code: "RepeatedPage".to_owned(),
            message: "the service gave the same page marker twice, so the list may not be whole".to_owned(),
            request_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fm_79_a_marker_that_comes_back_ends_the_listing() {
        let mut pages = Pages::of("rds", "DescribeDBClusterSnapshots");
        assert_eq!(pages.next(Some("a".to_owned())), Ok(Some("a".to_owned())));
        assert_eq!(pages.next(Some("b".to_owned())), Ok(Some("b".to_owned())));
        assert_eq!(pages.next(Some("a".to_owned())).unwrap_err().code, "RepeatedPage");
        assert_eq!(pages.next(None), Ok(None));
        assert_eq!(pages.next(Some(String::new())), Ok(None));
    }
}
