//! Subscriptions, and pushes and calls that wait for their answer, by the numbers that
//! JavaScript knows them by.
//!
//! The numbers are negative, so that they are none of an exchange's: a notice says by its
//! number alone what it is about.

use std::collections::HashMap;

use sdk::{Caller, Calling, Delivery, Publisher, PushAnswer, Reply, Subscription};

use crate::error::{Failure, Result};

/// What a notice says when there is more room for what is published.
const ROOM: i32 = -1;
/// The number of the first place; those that follow are below it.
const FIRST: i32 = -2;

/// Who hears of what comes.
#[derive(Debug)]
enum Place {
    Listening(Listening),
    Asking(PushAnswer),
    Calling(Called),
}

/// A call, and its outcome if that was taken and not given to JavaScript yet.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) calling: Calling,
    pub(crate) held: Option<Reply>,
}

/// A subscription, and what was taken out of it and not given to JavaScript yet.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) subscription: Subscription,
    pub(crate) held: Option<Delivery>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Events {
    pub(crate) publisher: Publisher,
    pub(crate) caller: Caller,
    places: Vec<Option<Place>>,
    free: Vec<usize>,
    /// The numbers of tokens that notices come by.
    numbers: HashMap<u64, i32>,
}

fn number(index: usize) -> i32 {
    FIRST - index as i32
}

fn index(number: i32) -> usize {
    usize::try_from(i64::from(FIRST) - i64::from(number)).unwrap_or(usize::MAX)
}

impl Place {
    fn token(&self) -> u64 {
        match self {
            Place::Listening(listening) => listening.subscription.token(),
            Place::Asking(answer) => answer.token(),
            Place::Calling(called) => called.calling.token(),
        }
    }
}

impl Events {
    pub(crate) fn new(publisher: Publisher, caller: Caller) -> Events {
        let (places, free) = Default::default();
        let numbers = HashMap::from([(publisher.token(), ROOM)]);
        Events { publisher, caller, places, free, numbers }
    }

    fn insert(&mut self, place: Place) -> i32 {
        let token = place.token();
        let index = match self.free.pop() {
            Some(index) => {
                self.places[index] = Some(place);
                index
            }
            None => {
                self.places.push(Some(place));
                self.places.len() - 1
            }
        };
        self.numbers.insert(token, number(index));
        number(index)
    }

    /// Takes a subscription in; gives its number.
    pub(crate) fn listen(&mut self, subscription: Subscription) -> i32 {
        self.insert(Place::Listening(Listening { subscription, held: None }))
    }

    /// Takes a push in that waits for its answer; gives its number.
    pub(crate) fn ask(&mut self, answer: PushAnswer) -> i32 {
        self.insert(Place::Asking(answer))
    }

    /// A subscription.
    pub(crate) fn listening(&mut self, number: i32) -> Result<&mut Listening> {
        match self.places.get_mut(index(number)) {
            Some(Some(Place::Listening(listening))) => Ok(listening),
            _ => Err(Failure::from(sdk::Error::Closed)),
        }
    }

    /// A push.
    pub(crate) fn asking(&self, number: i32) -> Result<&PushAnswer> {
        match self.places.get(index(number)) {
            Some(Some(Place::Asking(answer))) => Ok(answer),
            _ => Err(Failure::from(sdk::Error::Closed)),
        }
    }

    /// Takes a call in; gives its number.
    pub(crate) fn call(&mut self, calling: Calling) -> i32 {
        self.insert(Place::Calling(Called { calling, held: None }))
    }

    /// A call.
    pub(crate) fn calling(&mut self, number: i32) -> Result<&mut Called> {
        match self.places.get_mut(index(number)) {
            Some(Some(Place::Calling(called))) => Ok(called),
            _ => Err(Failure::from(sdk::Error::Closed)),
        }
    }

    /// Ends a subscription, forgets a push, or hangs up.
    pub(crate) fn remove(&mut self, number: i32) {
        let index = index(number);
        if let Some(place) = self.places.get_mut(index).and_then(Option::take) {
            self.numbers.remove(&place.token());
            self.free.push(index);
        }
    }

    /// Who a notice is for.
    pub(crate) fn waiting(&self, token: u64) -> Option<i32> {
        self.numbers.get(&token).copied()
    }
}
