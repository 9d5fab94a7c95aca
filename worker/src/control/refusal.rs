//! Which refusals end a worker and which it waits out.

use slotway_core::control::RefusalCode;

/// Whether trying again can only meet the same refusal.
pub(crate) fn is_permanent(code: RefusalCode) -> bool {
    match code {
        RefusalCode::ProtocolVersion
        | RefusalCode::BadMessage
        | RefusalCode::UnknownKind
        | RefusalCode::OutOfOrder
        | RefusalCode::NotAllowed
        | RefusalCode::BadName
        | RefusalCode::BadMethod
        | RefusalCode::BadPattern
        | RefusalCode::RouteConflict
        | RefusalCode::DuplicateRegistration
        | RefusalCode::BadRegionSpec
        | RefusalCode::NotAccepted
        | RefusalCode::Replaced => true,
        // The hub's resources and moods pass, a fresh region undoes a violation, and what
        // a newer hub means is unknown: the backoff keeps all of them cheap.
        _ => false,
    }
}
