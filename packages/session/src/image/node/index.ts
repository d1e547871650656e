export { decodeImage } from './decodeImage.ts';
