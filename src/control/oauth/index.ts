// All OAuth endpoints, in a part of the server of their own: forms instead of JSON, and OAuth's error format.

import type { Routes } from "../context.js";
import { acceptForms } from "../http/forms.js";
import { deviceAuthorizationRoute } from "./device-authorization.js";
import { metadataRoutes } from "./metadata.js";
import type { OAuthContext } from "./oauth-context.js";
import { createOAuthErrorHandler } from "./oauth-error.js";
import { revokeRoute } from "./revoke.js";
import { tokenRoute } from "./token.js";

export function oauthRoutes(oauth: OAuthContext): Routes {
  return (app, context, authentication) => {
    metadataRoutes(oauth)(app, context, authentication);
    app.register(async (forms) => {
      acceptForms(forms);
      forms.setErrorHandler(createOAuthErrorHandler(context.log));
      deviceAuthorizationRoute(oauth)(forms, context, authentication);
      tokenRoute(oauth)(forms, context, authentication);
      revokeRoute(oauth)(forms, context, authentication);
    });
  };
}
