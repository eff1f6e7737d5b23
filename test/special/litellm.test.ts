// The real LiteLLM 1.77.3, which the LAN stack stands on.
import { behavesWell } from '../litellm/rows.ts'
import { stable } from '../litellm/versions.ts'

behavesWell(stable)
