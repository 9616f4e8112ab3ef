export { openS3Server, type S3Server, type S3ServerOptions } from './s3-server.ts';
