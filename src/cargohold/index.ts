/**
 * Cargohold: files that users upload here and that users of any backend download, streamed all the way.
 *
 * Bytes are in a store, under the key of the asset; what is known of it is a row. Only a row in state `stored` is seen:
 * it is written after the bytes are whole and durable, and taken away before they are. It must never know what is in a
 * file (clients encrypt), nor in which conversation its key was told.
 *
 * Start reading at `assets/upload.ts` and `assets/asset-rows.ts` (the states of an asset); `assets/access.ts` says who
 * may read, `assets/multipart.ts` what an upload must look like.
 */
export { type Cargohold, type CargoholdNeeds, openCargohold, type UserStatus } from './cargohold.ts';
export type { CargoholdSettings } from './settings.ts';
export type { AssetStore, ByteRange, ReceivedFile } from './stores/asset-store.ts';
export { type FolderStoreOptions, openFolderStore } from './stores/folder-store.ts';
export { type S3Access, S3Bucket } from './stores/s3-bucket.ts';
export { openS3Store, type S3StoreOptions } from './stores/s3-store.ts';
