"""The trace of an accepted event leads, link by link, to the message that it caused; off, nothing is kept or sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext

from foretell import app, journey, telemetry
from foretell.clock import FixedClock
from foretell.collect import Request, request_frames
from foretell.errors import UsageError
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
DOCUMENTS = {
    "foretell.yaml": "name: Shop\nsending: {base_url: https://shop.example}\n",
    "templates/thanks.yaml": "kind: template\nkey: thanks\nspec: {subject: Thanks, html: '<p>Thank you</p>'}\n",
    "journeys/thanks.yaml": "kind: journey\nkey: thanks\nspec:\n  title: Thanks\n  enter: {did: Order Completed}\n"
    "  holdout: 0%\n  steps:\n    - {key: mail, send: thanks, channel: email, topic: thanks}\n",
}
WHO = {"userId": "u1", "context": {"traits": {"email": "anna@customers.example"}}}
CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    write(tmp_path, DOCUMENTS)
    with served(tmp_path, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        app.apply(place)
        journey.start(place.engine, place.catalog, "thanks", now=NOW)
        yield found


@contextmanager
def traced() -> Iterator[InMemorySpanExporter]:
    """Spans are written to memory."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    end = telemetry.begin_tracing({}, "1", provider)
    try:
        yield exporter
    finally:
        end()


def post(shop: Served, event: str, number: int, properties: Mapping[str, object] = {}, **headers: str) -> None:
    body = {**WHO, "type": "track", "event": event, "messageId": f"m{number}", "properties": dict(properties)}
    assert shop.browser.post("/v1/track", content=json.dumps(body), headers=headers).status_code == 200


def agree(shop: Served) -> None:
    post(shop, "Consent Updated", 1, {"channel": "email", "purpose": "marketing", "state": "granted"})


def linked(spans: Sequence[ReadableSpan], name: str, *to: ReadableSpan) -> list[ReadableSpan]:
    """The spans called ``name`` that go back to one of ``to``."""
    ids = {ids_of(span.get_span_context()) for span in to}
    return [span for span in spans if span.name == name and ids & {ids_of(one.context) for one in span.links}]


def ids_of(context: SpanContext | None) -> tuple[int, int]:
    """Trace and span."""
    assert context is not None
    return context.trace_id, context.span_id


def test_an_event_leads_to_the_message_that_it_caused(shop: Served) -> None:
    agree(shop)
    app.advance(shop.site.workspace, NOW)
    with traced() as exporter:
        post(shop, "Order Completed", 2, traceparent=f"00-{CALLER[0]}-{CALLER[1]}-01")
        app.advance(shop.site.workspace, NOW)
        spans = exporter.get_finished_spans()
    (request,) = [span for span in spans if span.name == "POST v1"]
    context = request.get_span_context()
    assert context is not None
    assert request.parent is not None
    assert (f"{context.trace_id:032x}", f"{request.parent.span_id:016x}") == CALLER
    (applied,) = linked(spans, "apply", request)
    (sent,) = linked(spans, "send", *linked(spans, "act journey", applied))
    ((message_id,),) = shop.site.workspace.engine.ops.query("SELECT message_id FROM messages WHERE state <> 'queued'")
    assert sent.attributes is not None
    assert sent.attributes["foretell.messages"] == 1
    (link,) = sent.links
    assert link.attributes == {"foretell.message_id": message_id}
    assert shop.site.workspace.engine.ops.query("SELECT count(*) FROM message_spans") == [(0,)]


def test_arrivals_before_the_last_look_are_not_what_caused_it(shop: Served) -> None:
    with traced() as exporter:
        agree(shop)
        app.advance(shop.site.workspace, NOW)
        post(shop, "Order Completed", 2)
        app.advance(shop.site.workspace, NOW)
        spans = exporter.get_finished_spans()
    first, second = [span for span in spans if span.name == "apply"]
    assert linked(spans, "act journey", second)
    assert not linked(spans, "act journey", first)


def test_a_frame_of_several_requests_names_the_spans_of_all() -> None:
    requests = [Request("api", b"{}\n", 1, NOW, trace=trace) for trace in ("00-a", None, "00-b")]
    (frame,) = request_frames(requests)
    assert frame.meta["traces"] == ["00-a", "00-b"]


def test_nothing_of_a_person_stands_in_spans(shop: Served) -> None:
    agree(shop)
    with traced() as exporter:
        post(shop, "Order Completed", 2)
        app.advance(shop.site.workspace, NOW)
        shop.browser.get("/api/profiles/email:anna@customers.example")
        shop.browser.get("/s/u/a-token-of-somebody")
        shop.browser.get("/api/profiles/email:nobody@customers.example")
        text = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert '"http.route"' in text
    for hidden in ("anna", "nobody", "u1", "a-token-of-somebody", "customers.example"):
        assert f'"{hidden}' not in text, hidden
        assert hidden not in text or hidden == "u1", hidden


def test_an_error_is_told_by_its_code(shop: Served) -> None:
    with traced() as exporter, pytest.raises(UsageError), telemetry.span("work"):
        raise UsageError("UNKNOWN", "nobody is called 'anna'")
    (span,) = exporter.get_finished_spans()
    assert span.attributes is not None
    assert span.attributes["error.type"] == "UNKNOWN"
    assert not span.events
    assert "anna" not in span.to_json()


def test_without_tracing_nothing_is_kept(shop: Served) -> None:
    agree(shop)
    post(shop, "Order Completed", 2, traceparent=f"00-{CALLER[0]}-{CALLER[1]}-01")
    app.advance(shop.site.workspace, NOW)
    ops = shop.site.workspace.engine.ops
    assert ops.query("SELECT (SELECT count(*) FROM batch_spans) + (SELECT count(*) FROM message_spans)") == [(0,)]
    assert ops.query("SELECT count(*) FROM messages WHERE state <> 'queued'") == [(1,)]
    assert telemetry.traceparent() is None
    assert telemetry.span("work") is telemetry.span("other work")


@pytest.mark.parametrize(
    ("environment", "on"),
    [
        ({}, False),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
    ],
)
def test_the_environment_says_whether_spans_are_written(environment: dict[str, str], on: bool) -> None:
    end = telemetry.begin_tracing(environment, "1")
    try:
        assert telemetry.is_tracing() is on
    finally:
        end()
    assert not telemetry.is_tracing()


@pytest.mark.parametrize(
    "environment",
    [{"OTEL_TRACES_EXPORTER": "jaeger"}, {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}],
)
def test_exporters_that_there_are_not_are_refused(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        telemetry.begin_tracing(environment, "1")
    assert caught.value.code == "OTEL_UNKNOWN"
