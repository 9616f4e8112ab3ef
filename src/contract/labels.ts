/**
 * The catalogue of every label that this backend answers with: status and default message.
 *
 * A key is the label on the wire, or `label:variant` where wire-server uses one label with several statuses or texts.
 * `error` is the specification's own name of the failure, sent beside the label.
 * `docs/labels.md` is generated from this list.
 */

interface Entry {
  readonly status: number;
  readonly message: string;
  readonly error?: 'AuthenticationFailure' | 'DiscoveryFailure' | 'ValidationError';
}

function catalogue<const T extends Record<string, Entry>>(entries: T): T {
  return entries;
}

export const labels = catalogue({
  // The federator: form of a request
  'no-endpoint': { status: 404, message: 'The requested endpoint does not exist' },
  'invalid-endpoint': { status: 403, message: 'The requested endpoint does not exist' },
  'invalid-endpoint:rpc': { status: 400, message: 'The RPC name is not valid' },
  'unknown-component': { status: 400, message: 'No such component' },
  'invalid-domain:syntax': { status: 400, message: 'The target is not a domain' },
  'no-origin-domain': { status: 400, message: 'The request has no Wire-Origin-Domain header' },
  'domain-parse-error': { status: 400, message: 'The Wire-Origin-Domain header is not a domain' },
  'invalid-origin-domain': { status: 400, message: 'The origin domain is not the domain of this backend' },
  'no-client-certificate': { status: 400, message: 'The request carries no client certificate' },
  'certificate-parse-error': { status: 400, message: 'The client certificate cannot be read' },
  'untrusted-ingress': {
    status: 400,
    message: 'The client certificate header is not accepted from this address',
    error: 'AuthenticationFailure',
  },
  'body-too-large': { status: 413, message: 'The request body is too large' },
  'headers-too-large': { status: 431, message: 'The request headers are too large' },
  'request-timeout': { status: 408, message: 'The request did not arrive in time' },
  'too-many-requests': { status: 429, message: 'Too many requests' },
  'too-many-requests:verification-code': {
    status: 429,
    message: 'Too many requests to generate a verification code',
  },
  'unsupported-content-encoding': { status: 415, message: 'The content encoding is not accepted' },
  'unsupported-media-type': { status: 415, message: 'The content type is not accepted' },

  // The federator: who may talk to whom
  'federation-denied': { status: 400, message: 'origin domain not in the federation allow list' },
  'invalid-domain': { status: 422, message: 'srv record not found', error: 'DiscoveryFailure' },
  'discovery-failure': { status: 400, message: 'DNS error', error: 'DiscoveryFailure' },
  'authentication-failure': {
    status: 403,
    message: 'none of the domain names match the certificate',
    error: 'ValidationError',
  },
  'authentication-failure:unverified': {
    status: 400,
    message: 'the client certificate is missing or does not verify',
    error: 'AuthenticationFailure',
  },

  // The federator: calling a remote
  'federation-connection-refused': { status: 521, message: 'The remote backend cannot be reached' },
  'federation-tls-error': { status: 525, message: 'The TLS handshake with the remote backend failed' },
  'federation-http2-error': { status: 533, message: 'The remote backend broke the HTTP/2 protocol' },
  'federation-remote-error': { status: 533, message: 'A remote federator failed' },
  'federation-overloaded': { status: 503, message: 'Too many requests to this remote backend are waiting' },

  // The federation client of a component (reference 3.2)
  'federation-not-enabled': { status: 400, message: 'no federator configured' },
  'federation-not-available': { status: 500, message: 'The local federator is not available' },
  'federation-local-error': { status: 500, message: 'Local federator failure' },
  'federation-not-implemented': {
    status: 500,
    message: 'Federation is not yet implemented for this endpoint',
  },
  'federation-invalid-body': { status: 533, message: 'Could not parse remote federator response' },
  'federation-invalid-content-type': { status: 533, message: 'Content-type cannot be read' },
  'federation-unsupported-content-type': { status: 533, message: 'Content-type is not the expected one' },
  'federation-unexpected-body': { status: 533, message: 'Could parse body, but response was not expected' },
  'federation-unexpected-wai-error': {
    status: 533,
    message: 'Could parse body, but got an unexpected error response',
  },
  'federation-version-error': { status: 533, message: 'Version negotiation failed' },
  'internal-error': { status: 500, message: 'Endpoint version mismatch in federation client' },
  'unknown-federation-error': { status: 533, message: 'Unknown federation error' },

  // Every listener
  'bad-request': { status: 400, message: 'The request is not well-formed' },
  'client-error': { status: 400, message: 'The request cannot be processed' },
  'client-error:too-many-failed-logins': { status: 403, message: 'Too many failed logins' },
  'client-error:logins-too-frequent': { status: 429, message: 'Logins too frequent' },
  'client-error:cookie': { status: 403, message: 'Invalid user token' },
  'method-not-allowed': { status: 405, message: 'The endpoint has no such method' },
  'not-acceptable': { status: 406, message: 'The endpoint answers in no type that the request accepts' },
  'uri-too-long': { status: 431, message: 'The path and query are too long' },
  'unsupported-version': { status: 404, message: 'The API version is not supported' },
  'unauthorized:token': { status: 401, message: 'The access token is missing, invalid or expired' },
  'access-denied:token': { status: 403, message: 'The token is not accepted here' },
  'server-error': { status: 500, message: 'Server Error' },
  'storage-unavailable': { status: 503, message: 'The storage cannot be reached; try again' },
  'asset-quota-exceeded': { status: 413, message: 'The files of this user would take more room than it has' },
  'storage-full': { status: 507, message: 'The storage is full' },

  // Accounts (brig)
  'not-found': { status: 404, message: 'Not found' },
  'not-found:asset': { status: 404, message: 'Asset not found' },
  unauthorised: { status: 403, message: 'Unauthorised operation' },
  'unverified-user': { status: 403, message: 'Only active users may upload' },
  'invalid-length': { status: 400, message: 'Invalid content length' },
  'client-error:asset-too-large': { status: 413, message: 'Asset too large' },
  'not-found:turn-servers': { status: 404, message: 'No TURN servers are configured: there are no calls' },
  'range-not-satisfiable': { status: 416, message: 'The asset has no such bytes' },
  'not-found:user': { status: 404, message: 'User not found' },
  'custom-backend-not-found': { status: 404, message: 'Custom backend not found' },
  'not-found:handle': { status: 404, message: 'Handle not found' },
  'invalid-user': { status: 400, message: 'Invalid user' },
  // Wire's client libraries tell these apart by their texts: the first must end with a full stop.
  'invalid-credentials': { status: 403, message: 'Authentication failed.' },
  'invalid-credentials:expired': { status: 403, message: 'Token expired' },
  'invalid-credentials:token': { status: 403, message: 'Invalid zauth token' },
  'invalid-credentials:no-cookie': { status: 403, message: 'Missing cookie' },
  'invalid-credentials:no-token': { status: 403, message: 'Missing token' },
  'invalid-credentials:nothing': { status: 403, message: 'Missing cookie and token' },
  'missing-auth': { status: 403, message: 'Re-authentication via password required' },
  suspended: { status: 403, message: 'Account suspended' },
  ephemeral: { status: 403, message: 'Account is ephemeral' },
  'pending-activation': { status: 403, message: 'Account pending activation' },
  'invalid-code': { status: 404, message: 'Invalid activation code' },
  'invalid-code:password-reset': { status: 400, message: 'Invalid password reset code' },
  'invalid-key': { status: 400, message: 'Invalid email or mobile number for password reset' },
  'code-exists': { status: 409, message: 'A password reset is already in progress' },
  'code-authentication-required': { status: 403, message: 'Code authentication is required' },
  'code-authentication-failed': { status: 403, message: 'Code authentication failed' },
  unauthorized: { status: 403, message: 'Unauthorized e-mail address' },
  'invalid-email': { status: 400, message: 'Invalid e-mail address' },
  'invalid-phone': { status: 400, message: 'Invalid mobile phone number' },
  'invalid-handle': { status: 400, message: 'The given handle is invalid' },
  'invalid-invitation-code': { status: 400, message: 'Invalid invitation code' },
  'blacklisted-email': { status: 403, message: 'The given e-mail address has been blacklisted' },
  'blacklisted-phone': { status: 403, message: 'The given phone number has been blacklisted' },
  'missing-identity': {
    status: 403,
    message: 'Using an invitation code requires registering the given email',
  },
  'user-creation-restricted': {
    status: 403,
    message: 'This instance does not allow creation of personal users or teams',
  },
  'no-identity': { status: 403, message: 'The user has no verified identity' },
  'no-email': { status: 403, message: 'This operation requires the user to have a verified email address' },
  'last-identity': { status: 403, message: 'The last user identity cannot be removed' },
  'no-password': { status: 403, message: 'The user has no password' },
  'managed-by-scim': { status: 403, message: 'The profile is managed by SCIM and cannot be changed here' },
  'domain-blocked-for-registration': { status: 451, message: 'E-mail domain blocked for registration' },
  'key-exists': { status: 409, message: 'The given e-mail address or phone number is in use' },
  'handle-exists': { status: 409, message: 'The given handle is already taken' },
  'password-must-differ': { status: 409, message: 'The new password must differ from the old one' },
  'email-exists': { status: 409, message: 'The given e-mail address is in use.' },
  'too-many-team-invitations': { status: 403, message: 'Too many team invitations for this team' },
  'not-found:invitation': { status: 404, message: 'Invitation not found' },
  'not-found:invitation-for-email': { status: 404, message: 'No pending invitations exists.' },
  'conflicting-invitations': {
    status: 409,
    message: 'Multiple conflicting invitations to different teams exists.',
  },
  'insufficient-permissions': { status: 403, message: 'Insufficient team permissions' },
  'too-many-team-members': { status: 403, message: 'Too many members in this team' },

  // Clients, prekeys and properties (brig)
  'bad-request:prekeys': { status: 400, message: 'Malformed prekeys uploaded' },
  'client-error:legalhold': {
    status: 400,
    message: 'LegalHold clients cannot be added or removed by clients',
  },
  'client-not-found': { status: 404, message: 'Client not found' },
  'too-many-clients': { status: 403, message: 'Too many clients' },
  'client-capabilities-cannot-be-removed': {
    status: 409,
    message: 'You can only add capabilities to a client, not remove them.',
  },
  'mls-duplicate-public-key': {
    status: 400,
    message: 'MLS public key for the given signature scheme already exists',
  },
  'mls-protocol-error': { status: 400, message: 'The MLS message or key package is not valid' },
  'decoding-error': { status: 409, message: 'A key package of another backend cannot be read' },
  'invalid-reference': {
    status: 409,
    message: 'The reference of a key package of another backend is not that of its bytes',
  },
  'not-a-team-user': { status: 400, message: 'The user is not a team user' },
  'missing-handle': { status: 400, message: 'The user has no handle' },
  'no-server-key-bundle': {
    status: 404,
    message: 'This backend signs no tokens for certificate authorities',
  },
  'client-token-parse-error': { status: 400, message: 'The proof (DPoP) could not be parsed' },
  'client-token-type-error': { status: 400, message: "The 'typ' of the proof (DPoP) must be 'dpop+jwt'" },
  'client-token-unsupported-alg': {
    status: 400,
    message: "The 'alg' of the proof (DPoP) must be EdDSA, ES256, ES384 or ES512",
  },
  'missing-dpop-header': { status: 400, message: "The header of the proof (DPoP) has no 'jwk'" },
  'client-token-bad-signature': {
    status: 400,
    message: 'The proof (DPoP) is not signed by the key in its header',
  },
  'client-token-bad-client-id': { status: 400, message: "The 'sub' of the proof (DPoP) is not this client" },
  'client-token-bad-nonce': { status: 400, message: 'The client sent an unacceptable anti-replay nonce' },
  'client-token-jti-missing': { status: 400, message: "The proof (DPoP) has no 'jti'" },
  'client-token-chal-missing': { status: 400, message: "The proof (DPoP) has no 'chal'" },
  'client-token-iat-missing': { status: 400, message: "The proof (DPoP) has no 'iat'" },
  'client-token-bad-iat': { status: 400, message: "The 'iat' of the proof (DPoP) is in the future" },
  'not-yet-valid': { status: 400, message: "The 'nbf' of the proof (DPoP) is in the future" },
  'client-token-exp-missing': { status: 400, message: "The proof (DPoP) has no 'exp'" },
  'client-token-exp-too-small': { status: 400, message: 'The proof (DPoP) has expired' },
  'client-token-exp-too-large': { status: 400, message: "The 'exp' of the proof (DPoP) is too far ahead" },
  'client-token-bad-method': {
    status: 400,
    message: "The 'htm' of the proof (DPoP) is not the request's method",
  },
  'client-token-bad-uri': { status: 400, message: "The 'htu' of the proof (DPoP) is not the request's URL" },
  'dpop-handle-mismatch': { status: 400, message: "The 'handle' of the proof (DPoP) is not the user's" },
  'dpop-team-mismatch': { status: 400, message: "The 'team' of the proof (DPoP) is not the user's" },
  'dpop-display-name-mismatch': { status: 400, message: "The 'name' of the proof (DPoP) is not the user's" },
  'not-found:prekey': { status: 404, message: 'Prekey not found' },
  'too-many-properties': { status: 403, message: 'Too many properties' },
  'property-key-too-large': { status: 403, message: 'The property key is too large' },
  'property-value-too-large': { status: 403, message: 'The property value is too large' },

  // Connections and deletion (brig)
  'connection-limit': { status: 403, message: 'Too many sent/accepted connections' },
  'not-connected': { status: 403, message: 'Users are not connected' },
  'bad-conn-update': { status: 403, message: 'Invalid status transition' },
  'same-binding-team-users': { status: 403, message: 'Users are from the same binding team' },
  'team-not-federating': {
    status: 403,
    message: 'The target user is owned by a federated backend, but is not in an allow-listed team',
  },
  'pending-delete': {
    status: 403,
    message: 'A verification code for account deletion is still pending',
  },
  'no-self-delete-for-team-owner': {
    status: 403,
    message: 'Team owners are not allowed to delete themselves; ask a fellow owner',
  },
  'invalid-code:verification': { status: 403, message: 'Invalid verification code' },

  // Providers, services and bots
  'invalid-provider': { status: 403, message: 'The provider does not exist.' },
  'not-found:provider': { status: 404, message: 'Provider not found.' },
  'not-found:service': { status: 404, message: 'Service not found.' },
  'not-found:activation': { status: 404, message: 'Activation key not found.' },
  'invalid-service-key': { status: 400, message: 'Invalid service key.' },
  'service-disabled': { status: 403, message: 'The desired service is currently disabled.' },
  'service-not-whitelisted': {
    status: 403,
    message: 'The desired service is not on the whitelist of allowed services for this team.',
  },
  'invalid-conversation': { status: 403, message: 'The operation is not allowed in this conversation.' },
  'invalid-bot': { status: 403, message: 'The targeted user is not a bot.' },
  'too-many-bots': { status: 409, message: 'Maximum number of bots for the service reached.' },
  'bad-gateway': { status: 502, message: 'The upstream service returned an invalid response' },

  // Notifications
  'not-found:notification': { status: 404, message: 'Some notifications not found' },
  'upgrade-required': { status: 426, message: 'This endpoint speaks WebSocket only' },
  'shutting-down': { status: 503, message: 'The server is shutting down; connect again' },
  'app-not-found': { status: 404, message: 'App does not exist' },
  'invalid-token': { status: 404, message: 'Invalid push token' },
  'not-found:push-token': { status: 404, message: 'Push token not found' },
  'token-too-long': {
    status: 413,
    message: 'Push token length must be < 8192 for GCM or 400 for APNS',
  },
  'apns-voip-not-supported': { status: 400, message: 'Adding APNS_VOIP tokens is not supported' },

  // Conversations (galley)
  'no-conversation': { status: 404, message: 'Conversation not found' },
  'no-conversation-member': { status: 404, message: 'Conversation member not found' },
  'access-denied': { status: 403, message: 'Conversation access denied' },
  'action-denied': { status: 403, message: 'Insufficient authorization' },
  'invalid-op': { status: 403, message: 'Invalid operation' },
  'invalid-op:target-access': { status: 403, message: 'Invalid target access' },
  'client-error:too-many-members': {
    status: 400,
    message: 'Maximum number of members per conversation reached',
  },
  'too-many-members': { status: 403, message: 'Maximum number of members per conversation reached' },
  'no-team': { status: 404, message: 'Team not found' },
  'no-team-member': { status: 403, message: 'Requesting user is not a team member' },
  'no-team-member:target': { status: 404, message: 'Team member not found' },
  'too-many-uids': { status: 400, message: 'Too many user ids in one request' },
  'too-many-team-admins': { status: 403, message: 'Maximum number of admins per team reached' },
  'invalid-permissions': { status: 403, message: 'The specified permissions are invalid' },
  'access-denied:resource': {
    status: 403,
    message: 'You do not have permission to access this resource',
  },
  'access-denied:reauthentication': {
    status: 403,
    message: 'This operation requires reauthentication',
  },
  'team-search-visibility-not-enabled': {
    status: 403,
    message: 'Custom search is not available for this team',
  },
  'invalid-notification-id': {
    status: 400,
    message: 'Could not parse notification id (must be UUIDv1).',
  },
  'feature-locked': {
    status: 409,
    message: 'Feature config cannot be changed (e.g. because it is configured by the backend)',
  },
  'mls-protocol-mismatch': {
    status: 400,
    message: 'The default protocol needs to be part of the supported protocols',
  },
  'operation-denied': { status: 403, message: 'Insufficient permissions' },
  'no-binding-team': { status: 403, message: 'Operation allowed only on binding teams' },
  'legalhold-not-enabled': { status: 403, message: 'LegalHold is not enabled for this team' },
  'legalhold-whitelisted-only': {
    status: 403,
    message: 'Operators list the teams that have LegalHold; it cannot be changed here',
  },
  'legalhold-disable-unimplemented': {
    status: 403,
    message: 'LegalHold cannot be disabled for teams that operators have listed',
  },
  'too-large-team-for-legalhold': { status: 403, message: 'The team is too large for LegalHold' },
  'too-many-members-for-legalhold': {
    status: 403,
    message: 'A team with LegalHold cannot have more members',
  },
  'legalhold-invalid-key': { status: 400, message: 'The public key of the LegalHold service is invalid' },
  'legalhold-not-registered': { status: 400, message: 'The team has no LegalHold service' },
  'legalhold-status-bad': { status: 400, message: 'The LegalHold service does not answer as it should' },
  'legalhold-unavailable': {
    status: 412,
    message: 'The LegalHold service cannot be reached, or has another key than the registered one',
  },
  'legalhold-already-enabled': { status: 409, message: 'LegalHold is already enabled for this user' },
  'legalhold-no-consent': { status: 409, message: 'The user has not consented to LegalHold' },
  'legalhold-not-pending': {
    status: 412,
    message: 'No LegalHold device waits for the approval of this user',
  },
  'legalhold-no-device-allocated': {
    status: 404,
    message: 'No LegalHold device was requested for this user',
  },
  'non-binding-team': { status: 404, message: 'Not a member of a binding team' },
  'non-binding-team-members': { status: 403, message: 'Both users must be members of the same binding team' },
  'guest-links-disabled': {
    status: 409,
    message: 'The guest link feature is disabled and all guest links have been revoked',
  },
  'no-conversation-code': { status: 404, message: 'Conversation code not found' },
  'invalid-conversation-password': { status: 403, message: 'Invalid conversation password' },
  'create-conv-code-conflict': {
    status: 409,
    message: 'Conversation code already exists with a different password setting than the requested one.',
  },
  'invalid-protocol-transition': { status: 403, message: 'Protocol transition is invalid' },
  'missing-legalhold-consent': {
    status: 403,
    message:
      'Failed to connect to a user or to invite a user to a group because somebody is under legalhold and somebody else has not granted consent',
  },
  'missing-legalhold-consent-old-clients': {
    status: 403,
    message:
      "Failed to connect to a user or to invite a user to a group because somebody is under legalhold and somebody else has old clients that do not support legalhold's UI requirements",
  },
  'unknown-client': { status: 403, message: 'Unknown Client' },
  'too-many-users-to-broadcast': {
    status: 400,
    message: 'Too many users to fan out the broadcast event to',
  },
  'invalid-payload': { status: 400, message: 'The message cannot be read' },
  'non-empty-member-list': {
    status: 400,
    message: 'Attempting to add group members outside MLS',
  },
  'mls-not-enabled': {
    status: 400,
    message: 'MLS is not configured on this backend. See docs.wire.com for instructions on how to enable it',
  },
  'mls-federated-one2one-not-supported': {
    status: 400,
    message: 'The backend of the other user does not support one-to-one conversations in MLS',
  },
  'mls-missing-group-info': {
    status: 404,
    message: 'The conversation has no group information',
  },
  'mls-stale-message': {
    status: 409,
    message: 'The conversation epoch in a message is too old',
  },
  'mls-unsupported-message': {
    status: 422,
    message: 'Attempted to send a message with an unsupported combination of content type and wire format',
  },
  'mls-unsupported-proposal': { status: 422, message: 'Unsupported proposal type' },
  'mls-client-mismatch': {
    status: 409,
    message: 'A proposal of type Add or Remove does not apply to the full list of clients for a user',
  },
  'mls-commit-missing-references': {
    status: 400,
    message: 'The commit is not referencing all pending proposals',
  },
  'mls-proposal-not-found': {
    status: 404,
    message: 'A proposal referenced in a commit message could not be found',
  },
  'mls-self-removal-not-allowed': { status: 400, message: 'Self removal from group is not allowed' },
  'mls-client-sender-user-mismatch': {
    status: 400,
    message: "User ID resolved from Client ID does not match message's sender user ID",
  },
  'mls-group-conversation-mismatch': {
    status: 400,
    message: 'Conversation ID resolved from Group ID does not match submitted Conversation ID',
  },
  'mls-invalid-leaf-node-index': {
    status: 400,
    message: 'A referenced leaf node index points to a blank or non-existing node',
  },
  'mls-welcome-mismatch': {
    status: 400,
    message: 'The list of targets of a welcome message does not match the list of new clients in a group',
  },
  'mls-subconv-join-parent-missing': {
    status: 403,
    message: 'MLS client cannot join the subconversation because it is not member of the parent conversation',
  },
  'mls-subconv-unsupported-convtype': {
    status: 403,
    message: 'MLS subconversations are only supported for regular conversations',
  },
  'mls-migration-criteria-not-satisfied': {
    status: 400,
    message:
      'The migration criteria for mixed to MLS protocol transition are not satisfied for this conversation',
  },
  'federation-connection-refused:backends': { status: 533, message: 'Some backends are unreachable' },
  // Answered without label, as the lists of domains that reference federation-api 3.4 has.
  'unreachable-backends': { status: 533, message: 'Some backends are unreachable' },
  'non-federating-backends': { status: 409, message: 'Some backends do not federate with one another' },
});

export type LabelKey = keyof typeof labels;
