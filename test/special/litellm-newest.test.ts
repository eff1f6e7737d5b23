// The newest LiteLLM that can be installed: the same rows as 1.77.3, beside it.
import { behavesWell } from '../litellm/rows.ts'
import { newest } from '../litellm/versions.ts'

behavesWell(newest)
