//! What the configuration opens, ready to judge requests by.

use std::collections::HashMap;
use std::sync::Arc;

use super::jwt::Verifier;
use super::rights::Auth;
use crate::admin::Token;
use crate::bus::Pattern;
use crate::config::{Config, Envelope, EventsAuth, EventsScope, Lag};

/// Everything that is open.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    path: Option<Box<str>>,
    main: Option<Arc<Door>>,
    channels: HashMap<Box<str>, Arc<Door>>,
}

/// One place where clients listen.
#[derive(Debug)]
pub(super) struct Door {
    /// Its channel; `None` where clients say themselves what they want.
    pub(super) channel: Option<Box<str>>,
    /// What a channel has, or what may be listened to.
    pub(super) topics: Vec<Pattern>,
    pub(super) auth: Auth,
    pub(super) scope: EventsScope,
    pub(super) envelope: Envelope,
    pub(super) lag: Lag,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'p> {
    Main,
    Channel(&'p str),
}

impl Doors {
    /// Reads tokens and keys.
    ///
    /// # Errors
    ///
    /// A sentence that names a file, what is wrong with it and what to do.
    pub(crate) fn read(config: &Config) -> Result<Doors, String> {
        let events = &config.events;
        let Some(path) = &events.path else { return Ok(Doors::default()) };
        let mut known: HashMap<EventsAuth, Auth> = HashMap::new();
        let mut auth = |kind: EventsAuth| -> Result<Auth, String> {
            if let Some(auth) = known.get(&kind) {
                return Ok(auth.clone());
            }
            let auth = match (kind, &events.token_file) {
                (EventsAuth::None, _) => Auth::None,
                (EventsAuth::Token, Some(file)) => Auth::Token(Arc::new(Token::read(file)?)),
                (EventsAuth::Token, None) => return Err("events.token-file is not set".to_owned()),
                (EventsAuth::Jwt, _) => Auth::Jwt(Arc::new(Verifier::read(&events.jwt)?)),
            };
            known.insert(kind, auth.clone());
            Ok(auth)
        };
        let main = Door {
            channel: None,
            topics: patterns(&events.topics),
            auth: auth(events.auth)?,
            scope: events.scope,
            envelope: events.envelope,
            lag: events.lag,
        };
        let mut channels = HashMap::new();
        for channel in &config.channels {
            let name: Box<str> = channel.name.as_str().into();
            let door = Door {
                channel: Some(name.clone()),
                topics: patterns(&channel.topics),
                auth: auth(channel.auth.unwrap_or(events.auth))?,
                scope: channel.scope.unwrap_or(events.scope),
                envelope: channel.envelope.unwrap_or(events.envelope),
                lag: channel.lag.unwrap_or(events.lag),
            };
            channels.insert(name, Arc::new(door));
        }
        Ok(Doors { path: Some(path.as_str().into()), main: Some(Arc::new(main)), channels })
    }

    /// The place at a path, whether it is open or not.
    pub(super) fn at<'p>(&self, path: &'p str) -> Option<Place<'p>> {
        let rest = path.strip_prefix(&**self.path.as_ref()?)?;
        match rest.strip_prefix('/') {
            None if rest.is_empty() => Some(Place::Main),
            Some(name) if !name.is_empty() && !name.contains('/') => Some(Place::Channel(name)),
            _ => None,
        }
    }

    /// What is open there.
    pub(super) fn door(&self, place: Place<'_>) -> Option<&Arc<Door>> {
        match place {
            Place::Main => self.main.as_ref(),
            Place::Channel(name) => self.channels.get(name),
        }
    }

    /// The same for one that was open before.
    pub(super) fn same(&self, door: &Door) -> Option<&Arc<Door>> {
        self.door(door.channel.as_deref().map_or(Place::Main, Place::Channel))
    }
}

/// The configuration's check has found all of them good.
fn patterns(texts: &[String]) -> Vec<Pattern> {
    texts.iter().filter_map(|text| Pattern::new(text).ok()).collect()
}
