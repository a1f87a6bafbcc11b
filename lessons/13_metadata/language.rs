//! The language of a caller: read from its metadata, and used for what a person reads.

use prost::Message;
use prost_types::Any;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use tonic_types::pb::{self, LocalizedMessage};

// ANCHOR: language
/// The key of the languages that a caller's user reads, as in HTTP (RFC 9110, section 12.5.4).
pub const ACCEPT_LANGUAGE: &str = "accept-language";

/// A language that the school speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// For callers who do not say.
    #[default]
    English,
    Chinese,
}

/// A server's interceptor: reads the language once, and leaves it for the method.
pub fn read_language(mut request: Request<()>) -> Result<Request<()>, Status> {
    let language = Language::wanted(request.metadata());
    request.extensions_mut().insert(language);
    Ok(request)
}
// ANCHOR_END: language

impl Language {
    /// The one of our languages that the caller likes best, as in `zh-CN, en;q=0.8`.
    pub fn wanted(metadata: &MetadataMap) -> Language {
        let mut best = (0.0, Language::default());
        // Several values of one key mean the same as one with commas.
        for value in metadata.get_all(ACCEPT_LANGUAGE) {
            for wish in value.to_str().unwrap_or_default().split(',') {
                let (tag, weight) = wish.split_once(';').unwrap_or((wish, "q=1"));
                let weight = weight.trim().trim_start_matches(['q', 'Q', '=']);
                let weight: f32 = weight.parse().unwrap_or(0.0);
                let (best_weight, _) = best;
                if let Some(language) = Language::tagged(tag)
                    && weight > best_weight
                    && weight <= 1.0
                {
                    best = (weight, language);
                }
            }
        }
        let (_, language) = best;
        language
    }

    /// The language of a tag: of `zh-Hans-CN`, the first part counts.
    fn tagged(tag: &str) -> Option<Language> {
        let first = tag.trim().split('-').next().unwrap_or_default();
        match first.to_ascii_lowercase().as_str() {
            "en" | "*" => Some(Language::English),
            "zh" => Some(Language::Chinese),
            _ => None,
        }
    }

    /// Its tag.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh",
        }
    }

    /// What a person reads of a refusal: by its reason, or else by its code.
    fn text(self, code: Code, reason: &str) -> &'static str {
        let (english, chinese) = match (reason, code) {
            ("COURSE_FULL", _) => ("This course is full.", "这门课程已经满员。"),
            ("ENROLMENT_CLOSED", _) => {
                ("It is too late to enrol in this course.", "这门课程已经停止报名。")
            }
            ("ALREADY_ENROLLED", _) => ("You are enrolled already.", "您已经报名了。"),
            ("NO_SUCH_COURSE", _) => ("There is no such course.", "没有这门课程。"),
            ("TOO_MANY_COURSES", _) => {
                ("You take as many courses as you can.", "您报名的课程已达上限。")
            }
            (_, Code::InvalidArgument) => {
                ("Please check what you have entered.", "请检查您填写的内容。")
            }
            _ => ("It did not work. Please try again later.", "没有成功，请稍后再试。"),
        };
        match self {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }
}

// ANCHOR: localized
/// The same status, with a text for the caller's user among its details.
pub fn localized(status: &Status, language: Language) -> Status {
    let (code, message) = (status.code(), status.message());
    let info = status.get_details_error_info();
    let reason = info.map_or_else(String::new, |info| info.reason);
    let text = LocalizedMessage {
        locale: language.tag().into(),
        message: language.text(code, &reason).into(),
    };
    // Empty details decode to an empty message: nothing is lost.
    let mut details = pb::Status::decode(status.details()).unwrap_or_default();
    details.code = code as i32;
    details.message = message.into();
    let type_url = "type.googleapis.com/google.rpc.LocalizedMessage";
    details.details.retain(|detail| detail.type_url != type_url);
    details
        .details
        .push(Any { type_url: type_url.into(), value: text.encode_to_vec() });
    let details = details.encode_to_vec().into();
    let metadata = status.metadata().clone();
    Status::with_details_and_metadata(code, message, details, metadata)
}
// ANCHOR_END: localized
