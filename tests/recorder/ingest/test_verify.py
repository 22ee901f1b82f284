"""Only media are media: sizes, hashes and first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import NotMedia, Truncated
from recorder.ingest.verify import judge
from recorder.model import MediaKind, MediaRef
from recorder.ports.recording import SealedFile

AUDIO, VIDEO, TEXT, OTHER = MediaKind.AUDIO, MediaKind.VIDEO, MediaKind.TEXT, MediaKind.OTHER
MP4 = b"\x00\x00\x00\x18ftypM4A \x00\x00"
MP3 = b"\xff\xfb\x90\x64\x00"
EBML = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


def ref(kind=AUDIO, file_name="call", **kwargs):
    return MediaRef(
        key="m", kind=kind, file_name=file_name, media_type=kwargs.pop("media_type", ""), **kwargs
    )


def sealed(head, size=None, sha256="ab" * 32):
    return SealedFile("00", len(head) if size is None else size, sha256, head[:64])


@pytest.mark.parametrize(
    ("head", "kind", "media_type"),
    [
        (MP4, AUDIO, "audio/mp4"),
        (MP4, VIDEO, "video/mp4"),
        (b"ID3\x04\x00", AUDIO, "audio/mpeg"),
        (MP3, AUDIO, "audio/mpeg"),
        (b"\xff\xf3\x40\xc4", AUDIO, "audio/mpeg"),
        (WAV, AUDIO, "audio/wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", AUDIO, "audio/wav"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", VIDEO, "video/x-msvideo"),
        (b"OggS\x00\x02", AUDIO, "audio/ogg"),
        (b"OggS\x00\x02", VIDEO, "video/ogg"),
        (EBML + b"webm", AUDIO, "audio/webm"),
        (EBML + b"webm", VIDEO, "video/webm"),
        (EBML + b"matroska", VIDEO, "video/x-matroska"),
        (b"fLaC\x00\x00", AUDIO, "audio/flac"),
        (b"#!AMR\n", AUDIO, "audio/amr"),
        (b"\xff\xf1\x50\x80", AUDIO, "audio/aac"),
        (b"WEBVTT\n\n00:00", TEXT, "text/vtt"),
        (b"\xef\xbb\xbfWEBVTT\n", TEXT, "text/vtt"),
        (b"[10:03] Ann: hello", TEXT, "text/plain"),
        (b"10:03 Ann: a < b > c", TEXT, "text/plain"),
        ("\ufeffHallo".encode("utf-16-le"), TEXT, "text/plain"),
    ],
)
def test_the_first_bytes_say_what_a_file_is(head, kind, media_type):
    assert judge(sealed(head), ref(kind)) == media_type


@pytest.mark.parametrize("kind", [AUDIO, VIDEO, TEXT, OTHER])
@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"<!DOCTYPE html><html>",
        b"\r\n  <html lang=en>",
        b"<HTML><HEAD>",
        b"<?xml version='1.0'?><Error><Code>AccessDenied</Code>",
        b"<Error>",
        b'{"error":{"code":"0x80048306"}}',
        b'{ "code": 3001, "message": "Recording does not exist" }',
        b'{"message":"gone","errors":[]}',
    ],
)
def test_pages_errors_and_nothing_are_never_media(head, kind):
    with pytest.raises(NotMedia):
        judge(sealed(head), ref(kind, "chat.txt"))


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b'{"segments":[]}', AUDIO),
        (b"plain words", AUDIO),
        (b"\x00" * 64, VIDEO),
        (b"\xff\xff\xff\xff", AUDIO),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", AUDIO),
        (MP3, VIDEO),
        (WAV, VIDEO),
        (MP3 + b"\x00\x01", TEXT),
        (MP4, TEXT),
        (b"PK\x03\x04", TEXT),
    ],
)
def test_another_kind_than_announced_is_refused(head, kind):
    with pytest.raises(NotMedia):
        judge(sealed(head), ref(kind))


@pytest.mark.parametrize(
    ("announced", "media_type"),
    [
        ({"media_type": "application/json"}, "application/json"),
        ({"file_name": "timeline.JSON"}, "application/json"),
        ({}, "text/plain"),
    ],
)
def test_text_is_json_where_it_was_announced_as_such(announced, media_type):
    assert judge(sealed(b'{"timeline":[]}'), ref(TEXT, **announced)) == media_type


def test_xml_captions_are_text_where_they_were_announced():
    head = b"<?xml version='1.0'?><tt>"
    assert judge(sealed(head), ref(TEXT, "captions.ttml")) == "application/xml"
    with pytest.raises(NotMedia):
        judge(sealed(head), ref(TEXT, "captions.txt"))


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (MP4, "video/mp4"),
        (MP3, "audio/mpeg"),
        (b"%PDF-1.7", "application/octet-stream"),
        (b"PK\x03\x04", "application/octet-stream"),
        (b"\x89PNG\r\n\x1a\n", "application/octet-stream"),
        (b"plain words", "application/octet-stream"),
    ],
)
def test_what_people_attach_may_be_anything(head, media_type):
    assert judge(sealed(head), ref(OTHER)) == media_type


@pytest.mark.parametrize("head", [b"<?xml version='1.0'?><svg>", b'{"code":"7","message":"x"}'])
def test_a_document_is_an_attachment_where_its_size_proves_it(head):
    assert judge(sealed(head), ref(OTHER, size_bytes=len(head))) == "application/octet-stream"
    with pytest.raises(NotMedia):
        judge(sealed(head), ref(OTHER))


def test_a_web_page_is_no_attachment_even_of_the_announced_size():
    with pytest.raises(NotMedia, match="web page"):
        judge(sealed(b"<html>"), ref(OTHER, size_bytes=6))


def test_the_announced_size_is_the_size():
    assert judge(sealed(MP3), ref(size_bytes=5)) == "audio/mpeg"
    for size in (4, 6):
        with pytest.raises(Truncated, match="announced"):
            judge(sealed(MP3), ref(size_bytes=size))


def test_the_announced_hash_is_the_hash_in_any_case():
    assert judge(sealed(MP3), ref(sha256="AB" * 32)) == "audio/mpeg"
    with pytest.raises(Truncated, match="hash"):
        judge(sealed(MP3), ref(sha256="cd" * 32))


def test_an_error_page_is_named_before_its_wrong_size():
    with pytest.raises(NotMedia, match="web page"):
        judge(sealed(b"<html>"), ref(size_bytes=1000))


@given(st.binary(max_size=64), st.sampled_from(MediaKind))
def test_any_bytes_get_a_type_of_their_kind_or_are_refused(head, kind):
    try:
        media_type = judge(sealed(head), ref(kind))
    except NotMedia:
        return
    allowed = {
        AUDIO: ("audio/", "video/"),
        VIDEO: ("video/",),
        TEXT: ("text/", "application/"),
        OTHER: ("audio/", "video/", "application/octet-stream"),
    }
    assert media_type.startswith(allowed[kind])
