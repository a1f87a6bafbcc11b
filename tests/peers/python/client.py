"""Calls the services of the notes: python3 tests/peers/python/client.py demo [--server HOST:PORT]"""

import argparse
import itertools
import json

from workbook import FILES, load, grpc


def text(value):
    """As the Rust client writes it: with double quotes."""
    return json.dumps(value, ensure_ascii=False)


def show(call, answers):
    """Prints what a call came to: its answers, one or several, or its status."""
    try:
        for answer in answers():
            print(f"{call}: {answer}")
    except grpc.RpcError as error:
        print(f"{call}: {error.code().name}: {error.details()}")


def greeter(channel):
    pb2, services = load(FILES["greeter"])
    stub = services.GreeterStub(channel)
    show('SayHello "you"', lambda: [stub.SayHello(pb2.HelloRequest(name="you")).message])


def test(channel):
    pb2, services = load(FILES["test"])
    stub = services.demoStub(channel)

    request = pb2.hellojlcReq(name="jlc", age=23)
    show('hellojlc "jlc", 23', lambda: [stub.hellojlc(request).result])

    ticks = stub.TestClientRecvStream(pb2.TestClientRecvStreamRequest(data="jlc"))
    show('TestClientRecvStream "jlc"', lambda: (tick.result for tick in itertools.islice(ticks, 3)))
    # It goes on for ever, so we leave.
    ticks.cancel()

    close = pb2.TestClientRecvStreamRequest(data="close")
    show('TestClientRecvStream "close"', lambda: (t.result for t in stub.TestClientRecvStream(close)))

    for count in [5, 1000]:
        messages = (pb2.TestClientSendStreamRequest(data=str(n)) for n in range(count))
        show(f"TestClientSendStream {count} messages", lambda: [stub.TestClientSendStream(messages).result])

    messages = (pb2.TestTwoWayStreamRequest(data=data) for data in ["1", "2"])
    show("TestTwoWayStream", lambda: (answer.result for answer in stub.TestTwoWayStream(messages)))


def user_info(channel):
    pb2, services = load(FILES["user-info"])
    stub = services.UserInfoStub(channel)
    request = pb2.request(age=18, name="daoji")
    show('Info 18, "daoji"', lambda: [stub.Info(request).message])


def stream_test(channel):
    pb2, services = load(FILES["stream-test"])
    stub = services.StreamTestStub(channel)
    for words in [["a", "b"], ["a", "close", "b"], []]:
        messages = (pb2.request(message=word) for word in words)
        show(f"ClientStream {text(words)}", lambda: [stub.ClientStream(messages).message])


def demo(channel):
    pb2, services = load(FILES["demo"])
    stub = services.DemoStub(channel)

    for num1, op, num2 in [(100, "DIVIDE", 20), (-7, "DIVIDE", 2), (100, "DIVIDE", 0), (2147483647, "ADD", 1)]:
        work = pb2.Work(num1=num1, op=pb2.Work.Operation.Value(op), num2=num2)
        show(f"Calculate {num1} {op} {num2}", lambda: [stub.Calculate(work).val])

    for name in ["wuhan", "东京"]:
        city = pb2.City(name=name)
        show(f"GetSubjects {text(name)}", lambda: (subject.name for subject in stub.GetSubjects(city)))

    for numbers in [[5, -10, 0, 1], [], [2147483647, 1, -1], [2147483647, 1]]:
        deltas = (pb2.Delta(val=number) for number in numbers)
        show(f"Accumulate {numbers}", lambda: [stub.Accumulate(deltas).val])

    for numbers in [[5, 19, 3, 3], [10, -1]]:
        guesses = (pb2.Number(val=number) for number in numbers)
        show(f"GuessNumber {numbers}", lambda: (f"{a.desc} {a.val}" for a in stub.GuessNumber(guesses)))


def trouble(channel):
    """What goes wrong, and under which code this library reports it."""
    pb2, services = load(FILES["test"])
    stub = services.demoStub(channel)

    ticks = stub.TestClientRecvStream(pb2.TestClientRecvStreamRequest(data="jlc"))
    next(ticks)
    ticks.cancel()
    code("cancel after one answer", lambda: list(ticks))

    never = pb2.TestClientRecvStreamRequest(data="jlc")
    code("deadline", lambda: list(stub.TestClientRecvStream(never, timeout=0.1)))

    large = pb2.hellojlcReq(name="x" * (4 * 1024 * 1024))
    code("too large", lambda: stub.hellojlc(large))

    unknown = channel.unary_unary("/test.Demo/hellojlc")
    code("unknown path", lambda: unknown(b""))

    broken = channel.unary_unary("/test.demo/hellojlc")
    code("not a message", lambda: broken(b"\x0a\xff"))


def code(what, call):
    try:
        call()
        print(f"{what}: OK")
    except grpc.RpcError as error:
        print(f"{what}: {error.code().name}")


SERVICES = {
    "greeter": greeter,
    "test": test,
    "user-info": user_info,
    "stream-test": stream_test,
    "demo": demo,
    "trouble": trouble,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--server", default="127.0.0.1:50060")
    arguments = parser.parse_args()
    with grpc.insecure_channel(arguments.server) as channel:
        SERVICES[arguments.service](channel)
