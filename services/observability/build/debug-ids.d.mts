export declare const debugIdOptions: {
  readonly banner: { readonly js: string };
  readonly footer: { readonly js: string };
};

export declare function withDebugId(built: { readonly code: string; readonly map?: string | undefined }): {
  readonly id: string;
  readonly code: string;
  readonly map: string | undefined;
};
