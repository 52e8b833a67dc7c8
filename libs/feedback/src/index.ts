export { FEEDBACK_TYPES, type FeedbackType } from './feedback-shapes.js';
export { FeedbackModule } from './feedback.module.js';
