"""The engine as a process: port, health, reflection, signals."""

import asyncio
import logging
import signal
import ssl
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress

import grpc
from google.protobuf import descriptor_pool
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from engine_service.model.world import World
from engine_service.server.address import ListenError, authority, check_free
from engine_service.server.admission import Offer
from engine_service.server.config import ServerConfig
from engine_service.server.gpu_metrics import GpuMetrics
from engine_service.server.messages import PlayerFactory
from engine_service.server.metrics import Metrics, MetricsPage
from engine_service.server.picture_thread import PictureThread
from engine_service.server.prompt_thread import PromptThread, ReadPrompt, nothing_to_read
from engine_service.server.service import EngineService
from engine_service.server.worker import Worker
from engine_service.stream.clock import Clock, SystemClock
from engine_service.stream.gpu import GpuError, GpuMonitor
from engine_service.types import GpuReading
from streamdit.wire import engine_pb2

log = logging.getLogger(__name__)

SERVICE_NAME = engine_pb2.DESCRIPTOR.services_by_name["EngineService"].full_name


class EngineServer:
    """Worker, servicer and socket of one engine; lives inside one asyncio loop."""

    def __init__(
        self,
        config: ServerConfig,
        *,
        worlds: Mapping[str, World],
        default_world: str,
        player_factory: PlayerFactory,
        backend: str,
        device: str,
        read_prompt: ReadPrompt = nothing_to_read,
        prepare_reading: Callable[[], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`read_prompt` is called in a thread of its own before a player is told of a prompt, and `prepare_reading`
        once, before it, in the same thread.

        Raises:
            ValueError: `default_world` is not among `worlds`.
        """
        self._config = config
        self._backend = backend
        self._default_world = default_world
        clock = clock or SystemClock()
        self.metrics = Metrics()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gpu = None if config.gpu is None else GpuMonitor(config.gpu, clock=clock, hear=self._hear_of_gpu)
        self._gpu_metrics = GpuMetrics(self.metrics.registry, self.metrics.num_frames_sent)
        self._worker = Worker(
            player_factory,
            clock=clock,
            governor=config.governor,
            newest_reading=self._newest_reading,
            died=self._hear_of_death,
        )
        self._prompts = PromptThread(read_prompt, prepare_reading)
        self._pictures = PictureThread()
        self._service = EngineService(
            offer=Offer(
                worlds=worlds,
                default_world=default_world,
                max_sessions=config.max_sessions,
                default_window=config.window,
                max_window=config.max_window,
                default_jpeg_quality=config.jpeg_quality,
            ),
            worker=self._worker,
            config=config,
            clock=clock,
            metrics=self.metrics,
            backend=backend,
            device=device,
            newest_reading=self._newest_reading,
            prompts=self._prompts,
            pictures=self._pictures,
        )
        self._health = health.aio.HealthServicer()
        self._pages = ExitStack()
        self._server: grpc.aio.Server | None = None
        self._losing: asyncio.Task[None] | None = None  # kept: a loop forgets tasks that nobody holds
        self.port = 0  # the real one, once started
        self.metrics_port: int | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            ListenError: the port, or the metrics port, is taken or not ours to take.
        """
        server = grpc.aio.server(options=_channel_options(self._config))
        server.add_generic_rpc_handlers((_handlers(self._service),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = SERVICE_NAME, health.SERVICE_NAME, reflection.SERVICE_NAME
        reflection.enable_server_reflection(names, server, _all_contracts())
        await self._set_health(health_pb2.HealthCheckResponse.NOT_SERVING)
        self.port = _bind(server, self._config)
        if self._config.metrics_port is not None:
            self.metrics_port = self._open_metrics(self._config.metrics_port)
        await server.start()
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._worker.start()
        await self._set_health(health_pb2.HealthCheckResponse.SERVING)
        self._watch_gpu()

    async def stop(self, drain_s: float | None = None) -> None:
        """Warn and close the sessions within `drain_s` (default: configured), then stop. May be repeated."""
        await self._health.enter_graceful_shutdown()
        if self._server is not None:
            server, self._server = self._server, None
            try:
                await self._service.drain(self._config.drain_s if drain_s is None else drain_s)
            finally:  # also when a second signal cuts the draining short
                await server.stop(grace=0.2)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._worker.stop)
        self._prompts.stop()
        self._pictures.stop()
        if self._gpu is not None:
            await loop.run_in_executor(None, self._gpu.stop)
        self._pages.close()

    def readiness_line(self) -> str:
        """What is printed once clients may come."""
        address = authority(self._config.host, self.port)
        return f"serving world {self._default_world} on {address} ({self._backend})"

    def _watch_gpu(self) -> None:
        """Without NVML the governor has the clock alone, which decides anyway."""
        if self._gpu is not None:
            try:
                self._gpu.start()
            except GpuError as error:
                log.warning("the GPU is not watched: %s", error)

    def _newest_reading(self) -> GpuReading | None:
        return None if self._gpu is None else self._gpu.newest

    def _hear_of_gpu(self, reading: GpuReading) -> None:
        """In the monitor's thread."""
        self._gpu_metrics.take(reading)
        if reading.lost and self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._lose_gpu, reading.name)

    def _lose_gpu(self, name: str) -> None:
        self._fail(f"the GPU ({name}) is lost: reset it or restart its machine, then the engine")

    def _hear_of_death(self, why: str) -> None:
        """In the worker's thread, which ends."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._fail, f"{why}; restart the engine")

    def _fail(self, why: str) -> None:
        """Nothing can be computed any more: whoever asks for health, plays or wants to play is told so."""
        log.error("%s", why)
        self._service.fail(why)
        self._losing = asyncio.create_task(self._set_health(health_pb2.HealthCheckResponse.NOT_SERVING))

    def _open_metrics(self, port: int) -> int:
        try:
            page = self._pages.enter_context(MetricsPage(self.metrics, host=self._config.host, port=port))
        except OSError as error:
            address = authority(self._config.host, port)
            raise ListenError(f"cannot serve metrics on {address}: {error.strerror or error}") from error
        return page.port

    async def _set_health(self, status: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        for name in ("", SERVICE_NAME):
            await self._health.set(name, status)


async def serve(server: EngineServer) -> None:
    """Run a server until SIGTERM or SIGINT, then drain it; a second signal ends the draining at once.

    Raises:
        ListenError: the port is taken.
    """
    loop = asyncio.get_running_loop()
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue(maxsize=8)
    if sys.platform != "win32":  # there asyncio has no signal handlers and ctrl-C raises KeyboardInterrupt
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, signals.put_nowait, number)
    try:
        await server.start()
        print(server.readiness_line(), flush=True)
        number = await signals.get()
        log.info("%s: draining", number.name)
        draining = asyncio.create_task(server.stop())
        again = asyncio.create_task(signals.get())
        await asyncio.wait((draining, again), return_when=asyncio.FIRST_COMPLETED)
        again.cancel()
        if not draining.done():
            draining.cancel()
            await asyncio.gather(draining, return_exceptions=True)
    finally:
        await server.stop(drain_s=0.0)


def run(server: EngineServer) -> None:
    """`serve`, in a loop of its own: uvloop's where it is installed, for its steadier timers.

    Raises:
        ListenError: the port is taken.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(server))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - optional, and not to be had on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


def _handlers(service: EngineService) -> grpc.GenericRpcHandler:
    """The service's calls. What a client says in `Play` stays bytes: they are counted before they are read."""
    handlers = {
        "GetServerInfo": grpc.unary_unary_rpc_method_handler(
            service.GetServerInfo,
            request_deserializer=engine_pb2.GetServerInfoRequest.FromString,
            response_serializer=engine_pb2.GetServerInfoResponse.SerializeToString,
        ),
        "Play": grpc.stream_stream_rpc_method_handler(
            service.Play, response_serializer=engine_pb2.ServerMessage.SerializeToString
        ),
    }
    return grpc.method_handlers_generic_handler(SERVICE_NAME, handlers)


def _bind(server: grpc.aio.Server, config: ServerConfig) -> int:
    address = authority(config.host, config.port)
    credentials = _credentials(config)
    check_free(config.host, config.port)
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise ListenError(f"cannot listen on {address}: {error}") from error
    if port == 0:
        raise ListenError(f"cannot listen on {address}")
    return port


def _credentials(config: ServerConfig) -> grpc.ServerCredentials | None:
    if config.tls_cert is None or config.tls_key is None:
        return None
    try:  # gRPC would take what does not fit and then fail every handshake without a word
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(config.tls_cert, config.tls_key)
    except OSError as error:  # ssl.SSLError is one
        raise ListenError(f"tls_cert {config.tls_cert} with tls_key {config.tls_key}: {error}") from error
    return grpc.ssl_server_credentials([(config.tls_key.read_bytes(), config.tls_cert.read_bytes())])


def _channel_options(config: ServerConfig) -> tuple[tuple[str, int], ...]:
    return (
        ("grpc.so_reuseport", 0),  # a second engine on this port must fail, not share it
        ("grpc.max_send_message_length", config.max_message_bytes),
        ("grpc.max_receive_message_length", 1024 * 1024),
        # Without it gRPC widens its window and takes seconds of video for a stalled client.
        ("grpc.http2.bdp_probe", 0),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # Clients may ping as often as this; more often is answered by a GOAWAY.
        ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
        ("grpc.http2.max_pings_without_data", 0),
    )


def _all_contracts() -> descriptor_pool.DescriptorPool:
    """What reflection tells of: our messages are in a pool of their own, the others in the common one."""
    pool = descriptor_pool.DescriptorPool()
    for module in (engine_pb2, health_pb2, reflection_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    return pool
