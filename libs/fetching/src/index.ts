export { fetchStage } from './fetch.stage.js';
export { FetchingModule } from './fetching.module.js';
