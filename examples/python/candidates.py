"""Asks a Gatehouse retriever for candidates: python candidates.py --user 42

The modules gatehouse.v1.* are generated from the .proto files; README.md says how.
"""

import argparse
import json
import sys

import grpc
from gatehouse.v1 import candidate_service_pb2 as messages
from gatehouse.v1 import candidate_service_pb2_grpc as services

# Only UNAVAILABLE is tried again: the retriever did no work then. The throttle keeps retries from adding to an overload.
SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{"service": "gatehouse.v1.CandidateService"}],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
}
OPTIONS = [
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    ("grpc.max_receive_message_length", 1024 * 1024),
]


def connect(address: str, ca_file: str | None) -> grpc.Channel:
    """A channel for the life of the process; plaintext only without a CA, for a retriever on this machine."""
    if ca_file is None:
        return grpc.insecure_channel(address, OPTIONS)
    with open(ca_file, "rb") as file:
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(file.read()), OPTIONS)


def main() -> int:
    parser = argparse.ArgumentParser(description="Candidates of a user.")
    parser.add_argument("--address", default="127.0.0.1:50051")
    parser.add_argument("--ca", help="file of the authority that signed the retriever's certificate")
    parser.add_argument("--user", required=True)
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--like", help="an item, whose neighbours are shown too")
    parser.add_argument("--timeout", type=float, default=1.0, help="seconds for each call, retries included")
    arguments = parser.parse_args()

    with connect(arguments.address, arguments.ca) as channel:
        retriever = services.CandidateServiceStub(channel)
        try:
            answer = retriever.Retrieve(
                messages.RetrieveRequest(user_id=arguments.user, limit=arguments.limit, exclude_seen=True),
                timeout=arguments.timeout,  # always: the server's own deadline is one second
            )
            show(f"model {answer.model_version}, index {answer.index_version}", answer.candidates)
            if arguments.like is not None:
                like = messages.SimilarItemsRequest(item_id=arguments.like, limit=arguments.limit)
                show(f"like {arguments.like}", retriever.SimilarItems(like, timeout=arguments.timeout).candidates)
        except grpc.RpcError as error:
            # INVALID_ARGUMENT names the field; RESOURCE_EXHAUSTED has grpc-retry-pushback-ms in error.trailing_metadata().
            print(f"{error.code().name}: {error.details()}", file=sys.stderr)
            return 1
    return 0


def show(title: str, candidates) -> None:
    print(title)
    for rank, candidate in enumerate(candidates, start=1):
        print(f"{rank:4}  {candidate.item_id:12}  {candidate.score:.4f}  {', '.join(s.source for s in candidate.sources)}")


if __name__ == "__main__":
    sys.exit(main())
