export * from './config/settings.js';
