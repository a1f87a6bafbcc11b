"""Both sides of a conversation that goes through the tap, with grpcio on both sides:

    python3 tests/peers/python/tap.py server
    python3 tests/peers/python/tap.py client HOST:PORT CONVERSATION

The server sends each message back. The messages are those of lesson 1, put together by hand.
"""

import signal
import sys
import threading
from concurrent import futures

from workbook import grpc

METHOD = "/helloworld.Greeter/SayHello"
OPTIONS = [
    # grpcio announces frames of up to this size, and sends them where they are announced.
    ("grpc.max_receive_message_length", 8 << 20),
    ("grpc.max_send_message_length", 8 << 20),
    ("grpc.max_metadata_size", 1 << 20),
    ("grpc.absolute_max_metadata_size", 1 << 20),
]


def hello(size):
    """A HelloRequest, or HelloReply, with a name of this size."""
    length, rest = [], size
    while rest > 127:
        length.append(rest & 127 | 128)
        rest >>= 7
    return bytes([10, *length, rest]) + b"a" * size


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        def echo(requests, context):
            for name, value in details.invocation_metadata:
                if name == "large":
                    context.set_trailing_metadata((("large", value),))
                if name == "compress":
                    context.set_compression(grpc.Compression[value])
            yield from requests

        return grpc.stream_stream_rpc_method_handler(echo)


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(4), options=OPTIONS)
    server.add_generic_rpc_handlers((Echo(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"tap.py listening on 127.0.0.1:{port}", flush=True)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()
    server.stop(0).wait()


def call(channel, messages, **options):
    """Makes a call, and returns the sizes of the messages that came back."""
    responses = channel.stream_stream(METHOD)(iter(messages), **options)
    return [len(message) for message in responses]


def large(channel):
    messages = [hello(2 << 20), hello(2 << 20), hello(3)]
    print(call(channel, messages) == [len(message) for message in messages])


def cancelled(channel):
    method = channel.stream_stream(METHOD)
    for _ in range(3000):
        # The stream of requests does not end, so that the call is open when it is cancelled.
        left = threading.Event()

        def requests():
            yield hello(3)
            left.wait()

        responses = method(requests())
        next(responses)
        responses.cancel()
        left.set()
    print(call(channel, [hello(5)]))


def compressed(channel):
    for name in ["Gzip", "Deflate"]:
        compression = grpc.Compression[name]
        metadata = (("compress", name),)
        print(call(channel, [hello(1000)], compression=compression, metadata=metadata))


def metadata(channel):
    for size in [10, 100_000, 10]:
        print(call(channel, [hello(3)], metadata=(("large", "v" * size),)))


if sys.argv[1] == "server":
    serve()
else:
    with grpc.insecure_channel(sys.argv[2], options=OPTIONS) as channel:
        globals()[sys.argv[3]](channel)
