"""What to do after each reply, and how long to wait."""

from datetime import timedelta

import pytest

from verdicts.mailing.outcomes import Action, Outcome, OutcomeKind, Step, action_for, is_about_this_site, retry_delay

MINUTE = timedelta(minutes=1)
OUR_NAMES = ["bounce+x1@bounces.verdicts.test", "panel@verdicts.test", "web1.verdicts.test"]


def refused(reply: str, step: Step = Step.RCPT) -> Action:
    return action_for(Outcome.from_reply(step, int(reply[:3]), reply[4:].encode()))


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ("421 4.3.2 closing", Action.RECONNECT_AND_RETRY),
        ("450 4.2.0 greylisted", Action.RETRY),
        ("450 greylisted", Action.RETRY),
        ("450 5.1.1 a reply that contradicts itself", Action.RETRY),
        ("451 4.7.1 try again", Action.RETRY),
        ("452 4.2.2 mailbox full", Action.RETRY),
        ("454 4.7.0 temporary", Action.RETRY),
        ("550 5.1.1 no such mailbox", Action.HARD_BOUNCE),
        ("554 5.1.1 no such mailbox", Action.HARD_BOUNCE),
        ("550 5.1.10 takes no mail", Action.HARD_BOUNCE),
        ("550 5.1.8 your domain does not exist", Action.REFUSED),
        ("552 5.2.2 mailbox full", Action.RETRY),
        ("552 mailbox full", Action.RETRY),
        ("554 5.2.2 mailbox full", Action.RETRY),
        ("550 5.2.1 mailbox disabled", Action.FAIL),
        ("553 5.6.7 no SMTPUTF8", Action.FAIL),
        ("530 5.7.0 authenticate first", Action.REFUSED),
        ("535 wrong password", Action.REFUSED),
        ("554 no", Action.REFUSED),
        ("550 5.7.1 relaying denied", Action.REFUSED),
        ("550 5.7.515 not authenticated", Action.REFUSED),
        ("550 no", Action.REFUSED),
        ("550 5.5.0 no", Action.REFUSED),
        ("552 5.3.4 too big", Action.REFUSED),
        ("599 never heard of", Action.REFUSED),
        ("250 an answer to DATA that is none", Action.REFUSED),
    ],
)
def test_a_refusal_asks_for_what_its_codes_say(reply: str, action: Action) -> None:
    assert refused(reply) is action
    assert refused(reply, Step.DATA) is action


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 Invalid sender",
        "550 5.1.1 Invalid senders",
        "550 5.1.1 MAILFROM invalid",
        "550 5.1.1 Your from address is unknown",
        "550 5.1.1 The originator is unknown",
        "550 5.1.1 Absender unbekannt",
        "550 5.1.2 Envelope-from domain does not exist",
        "550 5.1.2 reverse-path domain not found",
        "550 5.1.2 Your domain does not exist",
        "550 5.1.2 The name of your mail server was not found",
        "550 5.1.2 HELO: unknown host",
        "550 5.1.2 Client host rejected: cannot find your hostname",
        "553 5.1.3 Invalid return-path",
        "550 permanent failure for one or more recipients (…:550 5.1.1 Sender unknown)",
        "550 Domain verdicts.test does not exist, your mail from panel@verdicts.test rejected",
        "550 5.1.2 Domain verdicts.test does not exist",
        "550 5.1.2 Verdicts.test: no such domain.",
        "550 Unknown domain: verdicts.test",
        "550 5.1.1 <panel@verdicts.test> does not exist",
        "550 5.1.1 <bounce+x1@bounces.verdicts.test> does not exist",
        "550 5.1.2 bounces.verdicts.test: no such domain",
        "550 5.1.2 web1.verdicts.test: unknown host",
        "550 5.1.1 Callback verification failed for PANEL@VERDICTS.TEST",
    ],
)
def test_a_mailbox_is_not_missing_where_a_reply_speaks_of_the_sender(reply: str) -> None:
    outcome = Outcome.from_reply(Step.RCPT, int(reply[:3]), reply[4:].encode(), "ann@example.org", OUR_NAMES)
    assert action_for(outcome) is Action.REFUSED
    assert is_about_this_site(outcome)


@pytest.mark.parametrize(
    ("reply", "recipient", "sender"),
    [
        ("550 5.1.1 <ann@verdicts.test>: user unknown", "ann@verdicts.test", "panel@verdicts.test"),
        ("550 5.1.1 panel@verdicts.test: user unknown", "panel@verdicts.test", "panel@verdicts.test"),
        ("550 5.1.1 user unknown at mx.verdicts.test", "ann@example.org", "panel@verdicts.test"),
        ("550 5.1.1 user unknown at verdicts.test.example", "ann@example.org", "panel@verdicts.test"),
        ("550 5.1.1 user otherpanel@verdicts.test unknown", "ann@example.org", "panel@verdicts.test"),
        ("554 This user doesn't have a yahoo.com account", "ann@yahoo.com", "panel@yahoo.com"),
        ("550 5.1.1 user unknown", "ann@example.org", ""),
        ("550 5.1.1 user web1 unknown", "ann@example.org", "panel@verdicts.test"),
    ],
)
def test_a_mailbox_is_missing_though_the_sender_has_a_similar_name(reply: str, recipient: str, sender: str) -> None:
    outcome = Outcome.from_reply(Step.RCPT, int(reply[:3]), reply[4:].encode(), recipient, [sender, "web1"])
    assert action_for(outcome) is Action.HARD_BOUNCE


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ("550 cuda_nsu 5.1.1 <…>: address rejected", Action.HARD_BOUNCE),
        ("550 cuda_nsu …", Action.HARD_BOUNCE),
        ("550 permanent failure for one or more recipients (…:550 5.1.1 rejected)", Action.HARD_BOUNCE),
        ("550 permanent failure for one or more recipients (…:550 5.4.1 Recipient address rejected: Access denied)",
         Action.HARD_BOUNCE),
        ("550 permanent failure for one or more recipients (…:552 5.2.2 over the limit)", Action.RETRY),
        ("550 permanent failure for one or more recipients (…:550 5.7.1 no)", Action.REFUSED),
        ("550 permanent failure for one or more recipients (…:blocked)", Action.REFUSED),
    ],
)  # fmt: skip
def test_a_reply_that_a_barracuda_gateway_passes_on_is_judged_by_what_the_server_behind_it_said(
    reply: str, action: Action
) -> None:
    assert refused(reply) is action


@pytest.mark.parametrize("reply", ["550 5.1.0 sender rejected", "550 5.1.1 who are you", "599 no", "553 5.2.1 no"])
@pytest.mark.parametrize("step", [Step.CONNECT, Step.MAIL])
def test_a_refusal_before_any_recipient_was_named_is_our_own_fault(reply: str, step: Step) -> None:
    assert refused(reply, step) is Action.PAUSE


@pytest.mark.parametrize("step", [Step.CONNECT, Step.MAIL])
def test_a_server_that_is_only_busy_is_nobodys_fault(step: Step) -> None:
    assert refused("421 4.3.2 too many connections", step) is Action.RECONNECT_AND_RETRY
    assert refused("451 4.3.0 later", step) is Action.RETRY


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (OutcomeKind.LOST_BEFORE, Action.RECONNECT_AND_RETRY),
        (OutcomeKind.LOST_AFTER, Action.UNCERTAIN),
        (OutcomeKind.REFUSED, Action.PAUSE),
    ],
)
def test_without_a_reply_it_counts_how_far_it_came(kind: OutcomeKind, action: Action) -> None:
    assert action_for(Outcome.from_error(kind, Step.DATA, "gone")) is action


def test_only_a_positive_reply_to_the_final_dot_is_an_acceptance() -> None:
    assert refused("250 2.0.0 kept", Step.DOT) is Action.ACCEPT
    assert refused("250 2.1.5 fine", Step.RCPT) is not Action.ACCEPT


@pytest.mark.parametrize(
    ("tries", "longest"), [(1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 240), (7, 240), (500, 240)]
)
def test_waiting_is_spread_between_five_minutes_and_a_bound_that_doubles_up_to_four_hours(
    tries: int, longest: int
) -> None:
    assert retry_delay(tries, lambda: 0.0) == 5 * MINUTE
    assert retry_delay(tries, lambda: 1.0) == longest * MINUTE
    assert retry_delay(tries, lambda: 0.5) == (5 + longest) / 2 * MINUTE
