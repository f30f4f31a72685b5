export { connectKafka, type KafkaConnection, TopicMissingError } from './connect-kafka';
export { createTopics, type TopicCreation } from './create-topics';
export { createKafkaImpressionSource } from './kafka-impression-source';
export { CompactedPartitionsError, createKafkaCompactedTopic } from './kafka-compacted-topic';
export { createKafkaDeadLetterSink, createKafkaImpressionSink } from './kafka-sinks';
export { kafkaLogOver, openKafkaLog } from './open-kafka-log';
export { ConsumerFailedError } from './topic-consumer';
export { createPartitionedProducer, type PartitionedProducer } from './partitioned-producer';
