"""Serves services of the notes, for the Rust client to call: python3 tests/peers/python/server.py demo test

The names on the wire are the notes'. The responses are those that the notes meant, with their mistakes
corrected. Each function below adds one service to the server.
"""

import argparse
import os
import signal
import sys
import threading
from concurrent import futures

from workbook import FILES, HERE, load, grpc

INT32 = range(-(2**31), 2**31)

# Seconds between two messages of TestClientRecvStream; --interval sets it.
INTERVAL = 1.0


def int32_or_abort(number, context):
    """The number, if it is an int32. Otherwise it ends the call."""
    if number not in INT32:
        # This raises, so nothing after it runs.
        context.abort(grpc.StatusCode.OUT_OF_RANGE, f"result does not fit in int32: {number}")
    return number


def greeter(server):
    pb2, services = load(FILES["greeter"])

    class Greeter(services.GreeterServicer):
        def SayHello(self, request, context):
            return pb2.HelloReply(message=f"Hello, {request.name}!")

    services.add_GreeterServicer_to_server(Greeter(), server)


def test(server):
    pb2, services = load(FILES["test"])

    class Demo(services.demoServicer):
        def hellojlc(self, request, context):
            return pb2.hellojlcReply(result=f"my name is {request.name}, i am {request.age} years old")

        def TestClientRecvStream(self, request, context):
            if request.data == "close":
                context.abort(grpc.StatusCode.CANCELLED, "CANCELLED")
            # The method must notice when the client leaves: it would hold its thread for good.
            client_left = threading.Event()
            context.add_callback(client_left.set)
            index = 0
            while not client_left.wait(INTERVAL):
                index += 1
                yield pb2.TestClientRecvStreamResponse(result=f"send {index} {request.data}")

        def TestClientSendStream(self, request_iterator, context):
            for index, _ in enumerate(request_iterator):
                # Eleven messages are enough: this answers without waiting for the client's end.
                if index == 10:
                    break
            return pb2.TestClientSendStreamResponse(result="ok")

        def TestTwoWayStream(self, request_iterator, context):
            for request in request_iterator:
                yield pb2.TestTwoWayStreamResponse(result=f"service send client {request.data}")

    services.add_demoServicer_to_server(Demo(), server)


def user_info(server):
    pb2, services = load(FILES["user-info"])

    class UserInfo(services.UserInfoServicer):
        def Info(self, request, context):
            return pb2.response(message=f"Hello, {request.name}!")

    services.add_UserInfoServicer_to_server(UserInfo(), server)


def stream_test(server):
    pb2, services = load(FILES["stream-test"])

    class StreamTest(services.StreamTestServicer):
        def ClientStream(self, request_iterator, context):
            for request in request_iterator:
                if request.message == "close":
                    return pb2.response(message="close!😢")
            return pb2.response(message="ok!🐧")

    services.add_StreamTestServicer_to_server(StreamTest(), server)


SUBJECTS = {
    "beijing": ["python", "c++", "go", "产品经理", "测试", "运维", "java", "php"],
    "shanghai": ["python", "c++", "go", "测试", "运维", "java", "php"],
    "wuhan": ["python", "测试", "java", "php"],
}


def demo(server):
    pb2, services = load(FILES["demo"])

    class Demo(services.DemoServicer):
        def Calculate(self, request, context):
            num1, num2 = request.num1, request.num2
            if request.op == pb2.Work.ADD:
                result = num1 + num2
            elif request.op == pb2.Work.SUBTRACT:
                result = num1 - num2
            elif request.op == pb2.Work.MULTIPLY:
                result = num1 * num2
            elif request.op != pb2.Work.DIVIDE:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "invalid operation")
            elif num2 == 0:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "cannot divide by 0")
            else:
                result = num1 // num2
            return pb2.Result(val=int32_or_abort(result, context))

        def GetSubjects(self, request, context):
            if request.name not in SUBJECTS:
                context.abort(grpc.StatusCode.NOT_FOUND, f"unknown city: {request.name}")
            for subject in SUBJECTS[request.name]:
                yield pb2.Subject(name=subject)

        def Accumulate(self, request_iterator, context):
            return pb2.Sum(val=int32_or_abort(sum(delta.val for delta in request_iterator), context))

        def GuessNumber(self, request_iterator, context):
            for guess in request_iterator:
                if guess.val in range(10):
                    yield pb2.Answer(val=guess.val, desc="bingo")

    services.add_DemoServicer_to_server(Demo(), server)


def speed(server):
    """Lesson 11's service, which `cargo bench` measures."""
    pb2, services = load("speed.proto")

    class Speed(services.SpeedServiceServicer):
        def Unary(self, request, context):
            return pb2.UnaryResponse(payload=request.payload)

        def ServerStream(self, request, context):
            for _ in range(request.messages):
                yield pb2.ServerStreamResponse(payload=request.payload)

        def ClientStream(self, request_iterator, context):
            messages = size = 0
            for request in request_iterator:
                messages += 1
                size += len(request.payload)
            return pb2.ClientStreamResponse(messages=messages, size=size)

        def BidiStream(self, request_iterator, context):
            for request in request_iterator:
                yield pb2.BidiStreamResponse(payload=request.payload)

    services.add_SpeedServiceServicer_to_server(Speed(), server)


def exercise(server):
    """The service that lesson 10's exercise ports to Rust."""
    sys.path.append(os.path.join(HERE, "..", "..", "..", "lessons", "10_notes"))
    from exercise import make

    pb2, services = load(FILES["demo"])
    services.add_DemoServicer_to_server(make(pb2, services), server)


SERVICES = {
    "greeter": greeter,
    "test": test,
    "user-info": user_info,
    "stream-test": stream_test,
    "demo": demo,
    "speed": speed,
    "exercise": exercise,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("service", choices=SERVICES, nargs="+")
    parser.add_argument("--port", type=int, default=50060)
    parser.add_argument("--interval", type=float, default=1, help="seconds between two messages of TestClientRecvStream")
    arguments = parser.parse_args()
    INTERVAL = arguments.interval

    # Each call takes a thread: ten calls run at once, and others wait.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10))
    for service in arguments.service:
        SERVICES[service](server)
    try:
        port = server.add_insecure_port(f"127.0.0.1:{arguments.port}")
    except RuntimeError as error:
        sys.exit(f"Error: {error}")
    server.start()
    print(f"{' '.join(arguments.service)} listening on 127.0.0.1:{port}", flush=True)

    stop = threading.Event()
    for number in [signal.SIGINT, signal.SIGTERM]:
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    server.stop(grace=3).wait()
