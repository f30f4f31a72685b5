/** Topic of the impressions. */
export const impressionsTopic = 'impressions';
/** Topic of the impressions that could not be applied. */
export const deadLetterTopic = 'impressions.dead-letter';
/** Compacted topic of the catalogue. */
export const itemsTopic = 'items';
/** Compacted topic of what is known of users beside their events. */
export const usersTopic = 'users';
