//! What a consent is for.

use std::fmt;
use std::str::FromStr;

/// A purpose that people consent to (C-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// That their data are processed at all.
    Processing,
    /// What belongs to something they booked.
    Service,
    /// News and offers.
    Marketing,
    /// What they may like, by what they did before.
    Suggestions,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Purpose; 4] = [
        Purpose::Processing,
        Purpose::Service,
        Purpose::Marketing,
        Purpose::Suggestions,
    ];

    /// Its word in the store and in policies.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Purpose::Processing => "processing",
            Purpose::Service => "service",
            Purpose::Marketing => "marketing",
            Purpose::Suggestions => "suggestions",
        }
    }
}

/// What somebody consented to: a purpose, on one channel or on all at once. It reads `marketing by email`, or `processing`,
/// and so do the records of the view `lapsed_active_consent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentTo {
    /// What for.
    pub purpose: Purpose,
    /// By which channel, where consents are given for each of them.
    pub channel: Option<String>,
}

/// A text that names no consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a purpose and a channel, such as `marketing by email`")]
pub struct NoConsent;

impl FromStr for ConsentTo {
    type Err = NoConsent;

    fn from_str(text: &str) -> Result<Self, NoConsent> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (purpose, channel) = match words.as_slice() {
            [purpose] => (*purpose, None),
            [purpose, "by", channel] => (*purpose, Some(*channel)),
            _ => return Err(NoConsent),
        };
        let purpose = Purpose::ALL.into_iter().find(|known| known.word() == purpose);
        let is_plain = |name: &str| {
            name.starts_with(|letter: char| letter.is_ascii_lowercase())
                && name
                    .chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
        };
        if !channel.is_none_or(is_plain) {
            return Err(NoConsent);
        }
        Ok(Self {
            purpose: purpose.ok_or(NoConsent)?,
            channel: channel.map(str::to_owned),
        })
    }
}

impl fmt::Display for ConsentTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.purpose.word())?;
        self.channel
            .iter()
            .try_for_each(|channel| write!(f, " by {channel}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_reads_as_it_is_written() {
        for text in ["marketing by email", "processing", "suggestions by viber-2"] {
            assert_eq!(
                text.parse::<ConsentTo>().map(|consent| consent.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "email",
            "marketing email",
            "marketing by",
            "marketing by E-Mail",
            "marketing by email or sms",
        ] {
            assert_eq!(text.parse::<ConsentTo>(), Err(NoConsent), "{text}");
        }
    }
}
