/** What every chain is asked and answers: about 500 bytes each way. */
export const question = JSON.stringify({ q: 'y'.repeat(490) });
export const answer = JSON.stringify({ ok: true, pad: 'x'.repeat(480) });
export const rpcPath = '/rpc/b.example.com/brig/get-users-by-ids';
