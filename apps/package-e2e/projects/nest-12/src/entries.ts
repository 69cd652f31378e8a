// Every entry but that of passport, which is not installed here.
export { JwtGuard, type JwtCoreOptions } from '@jwt-auth/jwt-core';
export { createVerifier, type Verifier } from '@jwt-auth/jwt-core/verifier';
export { ClientCredentialsToken } from '@jwt-auth/jwt-core/client';
export { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
export { TestIssuer } from '@jwt-auth/jwt-core/testing';
