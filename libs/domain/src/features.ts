/** Value of one feature of a user or an item, as it arrives. */
export type FeatureValue = string | number | readonly string[] | readonly number[];
/** Features by name. */
export type Features = Readonly<Record<string, FeatureValue>>;
/** One scalar of a request's or an impression's context, such as the device. */
export type Scalar = string | number | boolean;
/** Context by name. */
export type Context = Readonly<Record<string, Scalar>>;
