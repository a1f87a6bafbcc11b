"""A client in ten lines: python3 tests/peers/python/calculate.py HOST:PORT"""

import sys

sys.path.append("target/python")  # Where the two modules below were generated.

import demo_pb2  # The messages.
import demo_pb2_grpc  # The service.
import grpc

with grpc.insecure_channel(sys.argv[1]) as channel:
    stub = demo_pb2_grpc.DemoStub(channel)
    for num2 in [20, 0]:
        work = demo_pb2.Work(num1=100, op=demo_pb2.Work.DIVIDE, num2=num2)
        try:
            # The deadline, in seconds.
            print(stub.Calculate(work, timeout=5).val)
        except grpc.RpcError as error:
            print(f"{error.code().name}: {error.details()}")
            # Dividing by 0 is meant to fail, and nothing else.
            if error.code() != grpc.StatusCode.INVALID_ARGUMENT:
                sys.exit(1)
