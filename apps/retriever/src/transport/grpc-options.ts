import type { ServerOptions } from '@grpc/grpc-js';

import type { LimitSettings } from './transport-settings';
import { maxRequestBytes } from './watch-session';

/** Bounds that grpc-js keeps by itself once it is told: of messages, of idle and old connections, of peers that are gone. */
export function grpcOptionsOf(limits: LimitSettings): ServerOptions {
  return {
    'grpc.max_concurrent_streams': limits.streamsPerConnection,
    'grpc.max_receive_message_length': maxRequestBytes,
    'grpc.max_send_message_length': 1024 * 1024,
    'grpc.max_connection_idle_ms': limits.idleMs,
    'grpc.max_connection_age_ms': limits.ageMs,
    'grpc.max_connection_age_grace_ms': limits.ageGraceMs,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc.enable_channelz': 0, // keeps what nobody may ask for here
    'grpc-node.max_session_memory': 50,
    'grpc-node.flow_control_window': 65_536,
  };
}
