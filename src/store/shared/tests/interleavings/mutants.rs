//! Protocols that are wrong, each in one way.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mutant {
    /// A machine's own clock says when a claim ends.
    DeadlineOnWrongClock,
    ClaimWithoutTimeline,
    /// A claim does not ask whether the row is the one that was read.
    ClaimWithoutSequence,
    /// A process that takes over goes on as if nothing had been sent.
    TakeOverWithoutDoubt,
    DeliveryOverwrites,
    /// A verdict that this machine could not tell the database is put over what was written there since.
    VerdictOverwrites,
    /// A delivery after a failover makes the row one of the new timeline.
    DeliveryLiftsBarrier,
    /// A delivery takes the deadline of another machine's claim out of the row.
    DeliveryEndsClaim,
    /// A delivery does not ask whose login the row is.
    DeliveryIgnoresLogin,
    PresentsBeforeDeadline,
    /// The owner does not look at the clock before it sends.
    SendsLate,
    LeaseBumpsNothing,
    /// A login whose write was not answered is revoked as one that was not stored.
    SilenceIsFailure,
    /// A move whose row was not acknowledged is given up.
    SilentMoveIsFailure,
    ForgetsSeen,
    /// What this machine wrote at this sequence is taken for what is there.
    BelievesSequence,
    /// A move leaves the tombstone before the row is known.
    MoveDeletesFirst,
    /// A process that finishes a move puts the login over the one that has taken its place.
    MoveOverwrites,
    /// A claim rests on a row that this process has not read, after a save that came too late.
    ClaimsUnread,
    /// A kept answer is taken for one without a login after its login has moved elsewhere.
    RevokesMoved,
    /// A process that finds a move undone does not see to it that it stays undone.
    MoveWithoutFence,
    /// A login moves out of the database whose answer may come yet.
    MovesInDoubt,
    /// The journal goes with the first delivery.
    JournalGoes,
    /// No mutant: without what excuses a window that cannot be closed.
    NoExcuse,
}
