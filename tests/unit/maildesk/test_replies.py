"""Replies are split in many styles and languages, and text that somebody wrote is never lost."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.limits import LIMITS
from wfnb.maildesk.replies import parse_reply, split_reply
from wfnb.maildesk.reply_tokens import make_reply_token
from wfnb.model.values import size_bytes

TOKEN = make_reply_token(b"key", "demo", "1@example.com")

ATTRIBUTIONS = {
    "gmail": "On Mon, Nov 2, 2026 at 9:14 AM Desk <support@demo.example> wrote:",
    "gmail wrapped": "On Mon, Nov 2, 2026 at 9:14 AM Desk of the very long name <\nsupport@demo.example> wrote:",
    "apple": "On 2 Nov 2026, at 09:14, Desk <support@demo.example> wrote:",
    "thunderbird": "On 11/2/26 09:14, Desk wrote:",
    "german": "Am 02.11.26 um 09:14 schrieb Desk:",
    "german gmail": "Am Mo., 2. Nov. 2026 um 09:14 Uhr schrieb Desk <\nsupport@demo.example>:",
    "french": "Le lun. 2 nov. 2026 à 09:14, Desk <support@demo.example> a écrit\u00a0:",
    "spanish": "El lun, 2 nov 2026 a las 9:14, Desk (<support@demo.example>) escribió:",
    "italian": "Il giorno lun 2 nov 2026 alle ore 09:14 Desk <support@demo.example> ha scritto:",
    "dutch": "Op ma 2 nov. 2026 om 09:14 schreef Desk <support@demo.example>:",
    "portuguese": "Em seg., 2 de nov. de 2026 às 09:14, Desk <support@demo.example> escreveu:",
    "danish": "Den man. 2. nov. 2026 kl. 09.14 skrev Desk <support@demo.example>:",
    "polish": "pon., 2 lis 2026 o 09:14 Desk <support@demo.example> napisał(a):",
    "czech": "po 2. 11. 2026 v 9:14 odesílatel Desk <support@demo.example> napsal:",
    "japanese": "2026年11月2日(月) 9:14 Desk <support@demo.example>:",
    "chinese": "Desk <support@demo.example> 于2026年11月2日周一 09:14写道：",
    "korean": "2026년 11월 2일 (월) 오전 9:14, Desk <support@demo.example>님이 작성:",
}
HEADER_BLOCKS = {
    "english": "From: Desk <support@demo.example>\nSent: Monday, 2 November 2026 09:14\nTo: Mara\nSubject: Oven",
    "bold": "*From:* Desk\n*Sent:* Monday\n*To:* Mara\n*Subject:* Oven",
    "german": "Von: Desk\nGesendet: Montag, 2. November 2026 09:14\nAn: Mara\nBetreff: Ofen",
    "french": "De : Desk\nEnvoyé : lundi 2 novembre 2026 09:14\nÀ : Mara\nObjet : Four",
    "spanish": "De: Desk\nEnviado: lunes, 2 de noviembre de 2026\nPara: Mara\nAsunto: Horno",
    "dutch": "Van: Desk\nVerzonden: maandag 2 november 2026\nAan: Mara\nOnderwerp: Oven",
    "italian": "Da: Desk\nInviato: lunedì 2 novembre 2026\nA: Mara\nOggetto: Forno",
    "japanese": "差出人: Desk\n送信日時: 2026年11月2日\n宛先: Mara\n件名: オーブン",
    "rule above": "________________________________\nFrom: Desk\nSent: Monday\nTo: Mara\nSubject: Oven",
    "separator": "-----Original Message-----\nFrom: Desk\nSubject: Oven",
    "german separator": "-----Ursprüngliche Nachricht-----\nVon: Desk",
}
# Text that looks a little like a quote, a signature or a header, and is not.
PLAIN = {
    "list": "Three things:\n- paper\n- toner\n- light\nPlease check.",
    "form": "Order form\nSubject: Chairs\nDate: today\nNumber: 4\n\nPlease deliver.",
    "story": "On Tuesday the printer died.\nOur boss wrote: fix it.\nOn Wednesday 4 people came.",
    "thanks first": "Thanks,\nthat worked. But since this morning the other printer in the back room fails as well, again and again.",
    "dashes in text": "Before -- and after -- the update it failed.",
    "question with colon": "On 2 machines it fails. Please tell me:\nwhich one?",
    "who wrote": "On behalf of the whole team the owner wrote:\nplease fix it.",
    "quoted shell": "I typed\n  $ print --now\nand nothing came.",
    "from": "From: now on\nplease use the back door.",
    "code": "if a:\n    b = 1\n\nWhy?",
}


@pytest.mark.parametrize("style", ATTRIBUTIONS)
def test_an_attribution_ends_the_new_text(style: str) -> None:
    split = split_reply(f"It works now.\n\n{ATTRIBUTIONS[style]}\n> Does it work?\n>> It does not.\n")
    assert (split.text, split.strategy, split.confidence) == ("It works now.", "top-posted", "high")
    assert split.heuristics[0] == "attribution"


@pytest.mark.parametrize("style", HEADER_BLOCKS)
def test_a_header_block_ends_the_new_text(style: str) -> None:
    split = split_reply(f"It works now.\n\n{HEADER_BLOCKS[style]}\n\nDoes it work?\n")
    assert (split.text, split.strategy, split.confidence) == ("It works now.", "top-posted", "high")


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_no_quote_stays_whole(name: str) -> None:
    split = split_reply(PLAIN[name])
    assert split.text == PLAIN[name]
    assert split.confidence == "high"
    assert split.heuristics == []


def test_an_answer_below_the_quote_is_found() -> None:
    split = split_reply(f"{ATTRIBUTIONS['dutch']}\n> Werkt het?\n> Nu?\n\nJa, het werkt.\n")
    assert (split.text, split.strategy) == ("Ja, het werkt.", "bottom-posted")


def test_answers_between_quotes_keep_the_questions() -> None:
    split = split_reply(f"See below.\n\n{ATTRIBUTIONS['gmail']}\n> Is it on?\nYes.\n> Is it warm?\nNo.\n")
    assert split.text == "See below.\n\n> Is it on?\nYes.\n> Is it warm?\nNo."
    assert (split.strategy, split.confidence) == ("inline", "medium")


def test_a_signature_below_the_quote_is_no_answer() -> None:
    split = split_reply(f"It works.\n\n{ATTRIBUTIONS['gmail']}\n> Does it?\n\n-- \nMara\n")
    assert (split.text, split.strategy) == ("It works.", "top-posted")


def test_a_trailing_quote_without_attribution_is_cut() -> None:
    split = split_reply("It works.\n\n> Does it?\n>\n> Really?\n")
    assert (split.text, split.strategy, split.confidence) == ("It works.", "trailing-quote", "medium")


@pytest.mark.parametrize(
    "mark",
    [
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "-------- Weitergeleitete Nachricht --------",
    ],
)
def test_a_forwarded_message_stays_whole(mark: str) -> None:
    text = f"Please read.\n\n{mark}\n{HEADER_BLOCKS['english']}\n\nNew labels.\n\n--\nThem"
    split = split_reply(text)
    assert (split.text, split.strategy) == (text, "forward")


def test_a_quote_with_nothing_new_stays_and_is_doubted() -> None:
    for text in (f"{HEADER_BLOCKS['english']}\n\nhello", f"{ATTRIBUTIONS['gmail']}\n> hello", "> hello"):
        split = split_reply(text)
        assert split.text == text
        assert (split.confidence, split.warnings) == ("low", ["only-quoted-text"])


@pytest.mark.parametrize(
    ("signature", "rule"),
    [
        ("-- \nMara Lindqvist\nJuniper Bakery", "signature-dashes"),
        ("--\nMara", "signature-dashes"),
        ("Sent from my iPhone", "signature-mobile"),
        ("Von meinem iPhone gesendet", "signature-mobile"),
        ("Best regards,\nMara\n+1 555 0101", "signature-closing"),
        ("Mit freundlichen Grüßen\nRuth Vogel", "signature-closing"),
    ],
)
def test_a_signature_is_taken_off(signature: str, rule: str) -> None:
    split = split_reply(f"The oven is cold.\n\n{signature}\n")
    assert split.text == "The oven is cold."
    assert split.heuristics == [rule]
    kept = split_reply(f"The oven is cold.\n\n{signature}\n", remove_signature=False)
    assert kept.text.endswith(signature.split("\n")[-1])


def test_a_message_that_is_all_signature_stays() -> None:
    assert split_reply("Sent from my iPhone").text == "Sent from my iPhone"
    assert split_reply("-- \nMara").text == "--\nMara"


def test_an_empty_message_is_empty() -> None:
    parsed = parse_reply("", None)
    assert (parsed.sanitized_text, parsed.sanitized_html) == ("", None)
    assert parsed.metadata.parser.warnings == ("empty-body",)


def test_text_is_made_from_html_when_there_is_none() -> None:
    parsed = parse_reply(" \n", "<p>It <b>works</b>.</p><blockquote type='cite'>Does it?</blockquote>")
    assert (parsed.sanitized_text, parsed.sanitized_html) == ("It works.", "<p>It <b>works</b>.</p>")
    assert set(parsed.metadata.parser.heuristics) == {"html-quote-removed", "text-from-html"}


def test_html_that_is_all_quote_stays() -> None:
    parsed = parse_reply(None, "<div class='gmail_quote'><p>hello</p></div>")
    assert parsed.sanitized_html == "<div><p>hello</p></div>"


def test_a_forwarded_html_message_stays_whole() -> None:
    html = "<p>See.</p><div class='gmail_quote'>---------- Forwarded message ---------<br>From: x<br>New labels</div>"
    parsed = parse_reply(None, html)
    assert "New labels" in parsed.sanitized_html
    assert "New labels" in parsed.sanitized_text


def test_html_without_visible_text_is_none() -> None:
    assert (
        parse_reply("hi", "<div><style>p{}</style><img src='https://x.example/p.gif'></div>").sanitized_html
        is None
    )


def test_a_token_is_found_in_text_and_in_quoted_html() -> None:
    text = parse_reply(f"Yes.\n> [ticket:{TOKEN}]", None)
    html = parse_reply(None, f"<p>Yes.</p><div class='gmail_quote'>reply+{TOKEN}@demo.example</div>")
    for parsed in (text, html):
        assert parsed.metadata.parser.tokens.conversation_token == TOKEN


def test_large_bodies_fit_into_an_expression() -> None:
    links = "<a href=a>x</a>" * 8_000
    parsed = parse_reply(None, links)
    assert parsed.sanitized_html is None
    assert "html-left-out" in parsed.metadata.parser.warnings
    wide = parse_reply("名" * 300_000, None)
    assert size_bytes(wide.model_dump(mode="json")) < LIMITS.expression_output_bytes
    assert wide.confidence == "low"


@pytest.mark.parametrize(
    "piece",
    ["On ", "On 1\n", "Le ", "From: x\n", "From: x\nSent: y\n", "> ", ">\n", "-- \n", "-", "a", " \n", "\t", "<", "--Original",
     "On 1 wrote", "2026年 ", "Best regards\n", "*", "&lt;", "<div>", "<ul><li>", "<blockquote>", "<a href='", "<!--", "<![CDATA["],
)  # fmt: skip
def test_hostile_text_takes_no_time(piece: str) -> None:
    text = (piece * 80_000)[:80_000]
    begin = time.process_time()
    parse_reply(text, text)
    # About 0.2 s on a slow machine; every rule that is quadratic in its input takes more than 10 s here.
    assert time.process_time() - begin < 5


@given(st.text(max_size=300), st.none() | st.text(max_size=300))
def test_any_text_is_parsed(text: str, html: str | None) -> None:
    parsed = parse_reply(text, html)
    json.dumps(parsed.model_dump(mode="json"))
    assert parsed.confidence in ("high", "medium", "low")


LINES = st.sampled_from(
    [
        "",
        "Hello",
        "> quoted",
        "-- ",
        *ATTRIBUTIONS.values(),
        *HEADER_BLOCKS.values(),
        "Best regards",
        "Sent from my phone",
    ]
)


@given(st.lists(LINES, min_size=1, max_size=8).map("\n".join))
def test_the_new_text_is_part_of_the_message(text: str) -> None:
    split = split_reply(text)
    written = [line.rstrip() for line in text.split("\n")]
    assert all(line in written or line.strip() in map(str.strip, written) for line in split.text.split("\n"))
    if text.strip():
        assert split.text.strip()
