"""Calls the services of the notes: python3 tests/peers/python/client.py demo [--server HOST:PORT]"""

import argparse
import itertools
import json
import sys

from workbook import FILES, connect, fail, load, grpc


def quoted(value):
    """A value as the Rust client writes it: with double quotes."""
    return json.dumps(value, ensure_ascii=False)


def print_outcome(call, responses, meant="OK"):
    """Prints what a call came to: its responses, one or several, or its status.

    `responses` is a function that makes the call, so that an error in it is caught here. `meant` is the code
    with which the call is meant to end; another ends the program.
    """
    try:
        for response in responses():
            print(f"{call}: {response}")
    except grpc.RpcError as error:
        if error.code().name != meant:
            fail(call, error)
        print(f"{call}: {error.code().name}: {error.details()}")


def greeter(channel):
    pb2, services = load(FILES["greeter"])
    stub = services.GreeterStub(channel)
    print_outcome('SayHello "you"', lambda: [stub.SayHello(pb2.HelloRequest(name="you")).message])


def test(channel):
    pb2, services = load(FILES["test"])
    stub = services.demoStub(channel)

    request = pb2.hellojlcReq(name="jlc", age=23)
    print_outcome('hellojlc "jlc", 23', lambda: [stub.hellojlc(request).result])

    ticks = stub.TestClientRecvStream(pb2.TestClientRecvStreamRequest(data="jlc"))
    print_outcome('TestClientRecvStream "jlc"', lambda: (tick.result for tick in itertools.islice(ticks, 3)))
    # The stream never ends, so the client cancels it.
    ticks.cancel()

    close = pb2.TestClientRecvStreamRequest(data="close")
    print_outcome('TestClientRecvStream "close"', lambda: (tick.result for tick in stub.TestClientRecvStream(close)), "CANCELLED")

    for count in [5, 1000]:
        messages = (pb2.TestClientSendStreamRequest(data=str(n)) for n in range(count))
        print_outcome(f"TestClientSendStream {count} messages", lambda: [stub.TestClientSendStream(messages).result])

    messages = (pb2.TestTwoWayStreamRequest(data=data) for data in ["1", "2"])
    print_outcome("TestTwoWayStream", lambda: (echo.result for echo in stub.TestTwoWayStream(messages)))


def user_info(channel):
    pb2, services = load(FILES["user-info"])
    stub = services.UserInfoStub(channel)
    request = pb2.request(age=18, name="daoji")
    print_outcome('Info 18, "daoji"', lambda: [stub.Info(request).message])


def stream_test(channel):
    pb2, services = load(FILES["stream-test"])
    stub = services.StreamTestStub(channel)
    for words in [["a", "b"], ["a", "close", "b"], []]:
        messages = (pb2.request(message=word) for word in words)
        print_outcome(f"ClientStream {quoted(words)}", lambda: [stub.ClientStream(messages).message])


def demo(channel):
    pb2, services = load(FILES["demo"])
    stub = services.DemoStub(channel)

    for num1, op, num2, meant in [
        (100, "DIVIDE", 20, "OK"),
        (-7, "DIVIDE", 2, "OK"),
        (100, "DIVIDE", 0, "INVALID_ARGUMENT"),
        (2147483647, "ADD", 1, "OUT_OF_RANGE"),
    ]:
        work = pb2.Work(num1=num1, op=pb2.Work.Operation.Value(op), num2=num2)
        print_outcome(f"Calculate {num1} {op} {num2}", lambda: [stub.Calculate(work).val], meant)

    for name, meant in [("wuhan", "OK"), ("东京", "NOT_FOUND")]:
        city = pb2.City(name=name)
        print_outcome(f"GetSubjects {quoted(name)}", lambda: (subject.name for subject in stub.GetSubjects(city)), meant)

    for numbers, meant in [
        ([5, -10, 0, 1], "OK"),
        ([], "OK"),
        ([2147483647, 1, -1], "OK"),
        ([2147483647, 1], "OUT_OF_RANGE"),
    ]:
        deltas = (pb2.Delta(val=number) for number in numbers)
        print_outcome(f"Accumulate {numbers}", lambda: [stub.Accumulate(deltas).val], meant)

    for numbers in [[5, 19, 3, 3], [10, -1]]:
        guesses = (pb2.Number(val=number) for number in numbers)
        print_outcome(f"GuessNumber {numbers}", lambda: (f"{answer.desc} {answer.val}" for answer in stub.GuessNumber(guesses)))


def failures(channel):
    """Makes calls that fail, and prints the code that this library reports for each."""
    pb2, services = load(FILES["test"])
    stub = services.demoStub(channel)

    def cancel_after_one_answer():
        ticks = stub.TestClientRecvStream(pb2.TestClientRecvStreamRequest(data="jlc"))
        next(ticks)
        ticks.cancel()
        list(ticks)

    print_code("cancel after one answer", cancel_after_one_answer, ["CANCELLED"])

    endless = pb2.TestClientRecvStreamRequest(data="jlc")
    print_code("deadline", lambda: list(stub.TestClientRecvStream(endless, timeout=0.1)), ["DEADLINE_EXCEEDED"])

    large = pb2.hellojlcReq(name="x" * (4 * 1024 * 1024))
    # tonic's code, and that of all others.
    print_code("too large", lambda: stub.hellojlc(large), ["OUT_OF_RANGE", "RESOURCE_EXHAUSTED"])

    # Without serializers, a method takes and returns bytes.
    unknown = channel.unary_unary("/test.Demo/hellojlc")
    print_code("unknown path", lambda: unknown(b""), ["UNIMPLEMENTED"])

    broken = channel.unary_unary("/test.demo/hellojlc")
    print_code("not a message", lambda: broken(b"\x0a\xff"), ["INTERNAL"])


def print_code(what, call, meant):
    """Prints the code with which a call ends. One that is not meant ends the program."""
    try:
        call()
    except grpc.RpcError as error:
        if error.code().name not in meant:
            fail(what, error)
        print(f"{what}: {error.code().name}")
    else:
        sys.exit(f"Error: {what}: OK, and not {' or '.join(meant)}")


# What the argument can be: a service, or `failures`.
SERVICES = {
    "greeter": greeter,
    "test": test,
    "user-info": user_info,
    "stream-test": stream_test,
    "demo": demo,
    "failures": failures,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--server", default="127.0.0.1:50060")
    arguments = parser.parse_args()
    with connect(arguments.server) as channel:
        SERVICES[arguments.service](channel)
