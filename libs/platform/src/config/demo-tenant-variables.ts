/** Variables the demo tenant's file refers to (`env:NAME|default`): part of the configuration, described here so that people find them. */
export const DEMO_TENANT_VARIABLES: Readonly<Record<string, { readonly sentence: string; readonly example: string }>> = {
  CUSTOMER_API_URL: {
    sentence: "Demo tenant: where its leads are sent; preset: the demo CRM's /leads.",
    example: 'http://127.0.0.1:3900/leads',
  },
  CUSTOMER_TOKEN: { sentence: "Demo tenant: the bearer token of the customer's API.", example: 'demo-token' },
  CUSTOMER_PRODUCT_NAME: { sentence: 'Demo tenant: the product name in every lead.', example: 'Solaranlagen' },
  ATTRIBUTE_MAPPING_PATH: {
    sentence:
      'Demo tenant: the file with the attribute rules, or a mapping file of the older flat form; relative to the configuration folder.',
    example: 'solar-attributes.json',
  },
  WEBHOOK_SHARED_SECRET: {
    sentence: 'Demo tenant: the secret its webhook expects in X-Shared-Secret; empty: no authentication, loopback peers only.',
    example: 'a-long-random-text',
  },
};
