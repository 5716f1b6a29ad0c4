"""Traces over OpenTelemetry: off unless the environment asks for them, and then they cost one look at a name.

The environment is the standard one: ``OTEL_TRACES_EXPORTER`` (``otlp``, ``console``, ``none``), or an endpoint in
``OTEL_EXPORTER_OTLP_ENDPOINT`` or ``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT``; service name, sampling, headers and limits
as OpenTelemetry's SDK reads them. It is brought by the extra ``foretell[otel]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from foretell.errors import ForetellError, UsageError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

Kind = Literal["internal", "server", "producer", "consumer"]
Value = str | int | float | bool
MOST_LINKS = 128
"""OpenTelemetry's own default; more are left out."""


@dataclass(frozen=True)
class Link:
    """Something that a span goes back to.

    Args:
        traceparent: of the span there, as W3C Trace Context writes it.
        attributes: why.
    """

    traceparent: str
    attributes: Mapping[str, Value] | None = None


_tracer: Tracer | None = None
_CAUSES: ContextVar[Sequence[str]] = ContextVar("foretell_causes", default=())
_NOTHING: AbstractContextManager[None] = nullcontext()


def begin_tracing(
    environment: Mapping[str, str], version: str, provider: TracerProvider | None = None
) -> Callable[[], None]:
    """Write spans from now on, where ``environment`` asks for it; returns what ends it and sends what is left.

    Args:
        provider: where spans go instead, whatever the environment says.

    Raises:
        UsageError: ``OTEL_MISSING``, ``OTEL_UNKNOWN``.
    """
    global _tracer
    if provider is None:
        provider = _provider(environment, version)
    if provider is None:
        return lambda: None
    _tracer = provider.get_tracer("foretell", version)
    kept = provider

    def end() -> None:
        global _tracer
        _tracer = None
        kept.shutdown()

    return end


def is_tracing() -> bool:
    """True while spans are written."""
    return _tracer is not None


def span(
    name: str,
    kind: Kind = "internal",
    *,
    parent: str | None = None,
    links: Sequence[Link] = (),
    **attributes: Value,
) -> AbstractContextManager[None]:
    """While the block runs, it is a span.

    Args:
        parent: ``traceparent`` of a caller; without it the span around, or none.
        links: what it goes back to; a span without one around it gets those of :func:`caused_by` too.
        attributes: what is known of it (``batch=3`` is written as ``foretell.batch``), nothing of a person.
    """
    if _tracer is None:
        return _NOTHING
    return _span(_tracer, name, kind, parent, links, attributes)


def note(**attributes: Value | None) -> None:
    """Say more of the span that runs here; None is left out."""
    if _tracer is None:
        return
    from opentelemetry import trace

    told = {_named(name): value for name, value in attributes.items() if value is not None}
    trace.get_current_span().set_attributes(told)


def traceparent() -> str | None:
    """The span that runs here, as W3C Trace Context writes it; None where there is none or it is not recorded."""
    if _tracer is None:
        return None
    from opentelemetry import trace

    here = trace.get_current_span().get_span_context()
    if not here.is_valid or not here.trace_flags.sampled:
        return None
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def span_ids() -> dict[str, str]:
    """``trace_id`` and ``span_id`` of the span that runs here, for log lines; empty where there is none."""
    if _tracer is None:
        return {}
    from opentelemetry import trace

    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        return {}
    return {"trace_id": f"{here.trace_id:032x}", "span_id": f"{here.span_id:016x}"}


@contextmanager
def caused_by(traceparents: Sequence[str]) -> Iterator[None]:
    """While the block runs, spans that begin a trace go back to these."""
    token = _CAUSES.set(traceparents)
    try:
        yield
    finally:
        _CAUSES.reset(token)


@contextmanager
def _span(
    tracer: Tracer,
    name: str,
    kind: Kind,
    parent: str | None,
    links: Sequence[Link],
    attributes: Mapping[str, Value],
) -> Iterator[None]:
    from opentelemetry import trace

    around = _context(parent)
    begins = not trace.get_current_span(around).get_span_context().is_valid
    causes = [Link(one) for one in _CAUSES.get()] if begins else []
    with tracer.start_as_current_span(
        name,
        context=around,
        kind=trace.SpanKind[kind.upper()],
        attributes={_named(key): value for key, value in attributes.items()},
        links=_links([*links, *causes]),
        record_exception=False,  # what a library says may quote a value of somebody
        set_status_on_exception=False,
    ) as running:
        try:
            yield
        except BaseException as error:
            told = error.code if isinstance(error, ForetellError) else type(error).__name__
            running.set_attribute("error.type", told)
            running.set_status(trace.StatusCode.ERROR)
            raise


def _named(name: str) -> str:
    """``http_route`` is OpenTelemetry's own ``http.route``; what is ours begins with our name."""
    return name.replace("_", ".", 1) if name.startswith("http_") else f"foretell.{name}"


def _context(parent: str | None) -> Any:
    if parent is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


def _links(given: Sequence[Link]) -> list[Any]:
    from opentelemetry import trace

    found: dict[tuple[str, str], Any] = {}
    for one in given:
        if len(found) >= MOST_LINKS:
            break
        where = trace.get_current_span(_context(one.traceparent)).get_span_context()
        attributes = {_named(name): value for name, value in (one.attributes or {}).items()}
        if where.is_valid:
            found.setdefault((one.traceparent, str(sorted(attributes.items()))), trace.Link(where, attributes))
    return list(found.values())


def _provider(environment: Mapping[str, str], version: str) -> TracerProvider | None:
    """Where spans go by the environment; None for nowhere."""
    named = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if not named and any(environment.get(one) for one in endpoints):
        named = "otlp"
    off = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if off or named in ("", "none"):
        return None
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = _exporter(named, environment)
    except ImportError as error:
        raise UsageError(
            "OTEL_MISSING",
            f"traces are asked for, and {(error.name or 'opentelemetry').replace('_', '-')} is not installed",
            next_step="Install foretell[otel], or set OTEL_TRACES_EXPORTER=none.",
        ) from error
    told = {"service.version": version}
    if not environment.get("OTEL_SERVICE_NAME"):
        told["service.name"] = "foretell"
    provider = TracerProvider(resource=Resource.create(told))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _exporter(named: str, environment: Mapping[str, str]) -> Any:
    if named == "console":
        import sys

        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter(out=sys.stderr)
    both = environment.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    protocol = environment.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", both)
    if named != "otlp" or protocol != "http/protobuf":
        raise UsageError(
            "OTEL_UNKNOWN",
            f"traces cannot be written to {named if named != 'otlp' else protocol!r}",
            next_step="OTEL_TRACES_EXPORTER is otlp, console or none; the protocol is http/protobuf.",
        )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
