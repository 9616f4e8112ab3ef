/** Brig: accounts, authentication, handles, profiles and search. It knows nothing of conversations. */
